/* SPDX-License-Identifier: GPL-2.0-only */
/* From the stack of a thread that the Go runtime works on to the goroutine's. The includer
 * provides get_scratch(). */
#ifndef SONDE_GO_SWITCH_H
#define SONDE_GO_SWITCH_H

#include "task.bpf.h"
#include "unwind/state.h"

/* Go's src/runtime/runtime2.go, the same since 1.4: struct g is stack bounds and guards (32 bytes),
 * two lists, m; then sched, whose first words are sp and pc. */
#define SONDE_GO_G_M	 48
#define SONDE_GO_G_SCHED 56

struct sonde_go_sched {
	__u64 sp, pc;
};

/* Global, so that the verifier walks it once. Without a goroutine the thread works for itself, and
 * its stack ends here: pc 0. Returns 0 or an error. */
__noinline int switch_to_goroutine(void)
{
	struct sonde_unwind *u = get_scratch();
	struct sonde_go_sched sched;
	__u64 at;

	if (!u)
		return 1;
	at = SONDE_READ(sonde_current_task(), thread.fsbase) + (__s64)u->row.cfa_param * 8;
	if (bpf_probe_read_user(&at, sizeof(at), (void *)at))
		return 1;
	if (bpf_probe_read_user(&at, sizeof(at), (void *)(at + SONDE_GO_G_M)))
		return 1;
	if (bpf_probe_read_user(&at, sizeof(at), (void *)(at + (__s64)u->row.rbp_param * 8)))
		return 1;
	u->pc = 0;
	if (!at)
		return 0;
	if (bpf_probe_read_user(&sched, sizeof(sched), (void *)(at + SONDE_GO_G_SCHED)))
		return 1;
	u->sp = sched.sp;
	u->pc = sched.pc;
	return 0;
}

static __always_inline int sonde_go_switch(struct sonde_unwind *u)
{
	return switch_to_goroutine();
}

#endif
