/* SPDX-License-Identifier: GPL-2.0-only */
/* What uprobes have replaced, so that a walk goes on as if they were not there. The includer
 * provides get_scratch(). */
#ifndef SONDE_UPROBES_H
#define SONDE_UPROBES_H

#include "task.bpf.h"
#include "unwind/state.h"

#define SONDE_RETURN_PROBES 16 /* chained ones of one return address, and left ones of longjmp */

/* The first slot of the page of out-of-line instructions is the code that probed functions return
 * to: a breakpoint, and since 6.11 (commit ff474a78cef5) a system call with three registers pushed
 * around it. The kernel puts the original address in the place of the first of them, rax; what
 * follows the system call pops the other two and returns. */
#define SONDE_TRAMPOLINE_BYTES	 128
#define SONDE_TRAMPOLINE_PUSHED	 24
#define SONDE_TRAMPOLINE_CALLED	 13 /* behind the system call; pop r11, 2 bytes, then pop rcx, 1 */
#define SONDE_TRAMPOLINE_POPPED	 15
#define SONDE_TRAMPOLINE_RETURNS 16

/* u->pc is where probed returns go: finds the probe of this return address, which lies just below
 * u->sp, by what the kernel keeps for the task. Several probes can share one. */
__noinline int find_original_return(void)
{
	struct sonde_unwind *u = get_scratch();
	struct return_instance *probe;
	__u64 stack, address;
	int i;

	if (!u)
		return 1;
	probe = (struct return_instance *)u->return_probes;
	for (i = 0; i < SONDE_RETURN_PROBES && probe; i++) {
		stack = BPF_CORE_READ(probe, stack);
		address = BPF_CORE_READ(probe, orig_ret_vaddr);
		probe = BPF_CORE_READ(probe, next);
		if (stack + 8 >= u->sp && address != u->trampoline) {
			if (stack + 8 - u->sp <= SONDE_TRAMPOLINE_PUSHED)
				u->sp = stack + 8;
			u->pc = address;
			u->return_probes = (__u64)probe;
			return 0;
		}
	}
	u->return_probes = 0;
	return 1;
}

static __always_inline void sonde_original_return(struct sonde_unwind *u)
{
	find_original_return();
}

/* Inside of that code, `in` bytes from its start: as if it had not been entered yet, or as if it
 * had returned already where the kernel has forgotten the probe. */
static __always_inline void note_trampoline(struct sonde_unwind *u, __u64 in)
{
	struct return_instance *probe = (struct return_instance *)u->return_probes;
	__u64 pushed = in == SONDE_TRAMPOLINE_RETURNS ? 0 : in == SONDE_TRAMPOLINE_POPPED ? 8 : 16;
	__u64 stack = 0, address;

	if (probe)
		stack = BPF_CORE_READ(probe, stack) + 8;
	u->pc = u->trampoline;
	if (in < SONDE_TRAMPOLINE_CALLED)
		return;
	if (in == SONDE_TRAMPOLINE_CALLED && stack - u->sp <= SONDE_TRAMPOLINE_PUSHED)
		return;
	if (bpf_probe_read_user(&address, sizeof(address), (void *)(u->sp + pushed)))
		return;
	u->pc = address;
	u->sp += pushed + 8;
}

/* Where the instruction at `pc` stands in the program, if it is one that runs out of line because
 * a uprobe has its place; else `pc`. After note_uprobes(). */
static __always_inline __u64 sonde_in_line_pc(const struct sonde_unwind *u,
					      struct task_struct *task, __u64 pc)
{
	struct uprobe_task *probes;

	if (!u->trampoline || pc < u->trampoline + SONDE_TRAMPOLINE_BYTES ||
	    pc - u->trampoline >= 4096 || !bpf_core_field_exists(struct uprobe_task, vaddr))
		return pc;
	probes = SONDE_READ(task, utask);
	return probes ? BPF_CORE_READ(probes, vaddr) : pc;
}

/* Uprobes replace code and return addresses of their processes: takes note of the replaced ones.
 * An instruction that runs out of line counts where it stands. */
static __always_inline void note_uprobes(struct sonde_unwind *u, struct task_struct *task)
{
	struct uprobe_task *probes;
	__u64 area;

	u->trampoline = 0;
	if (!bpf_core_field_exists(task->utask) || !bpf_core_type_exists(struct xol_area))
		return;
	probes = SONDE_READ(task, utask);
	if (!probes)
		return;
	area = BPF_CORE_READ(task, mm, uprobes_state.xol_area, vaddr);
	u->trampoline = area;
	u->return_probes = (__u64)BPF_CORE_READ(probes, return_instances);
	if (area && u->pc >= area && u->pc - area < SONDE_TRAMPOLINE_BYTES)
		note_trampoline(u, u->pc - area);
	else
		u->pc = sonde_in_line_pc(u, task, u->pc);
}

#endif
