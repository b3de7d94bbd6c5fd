// SPDX-License-Identifier: GPL-2.0-only
// The CPU profiler's kernel side: on each clock tick one record with the kernel stack and the user
// stack, the latter unwound here from the tables of bpf/abi/rows.h. Every tick is counted in
// exactly one counter; every record says why its user stack ended.
#include "tables.bpf.h"
#include "targets.bpf.h"
#include "task.bpf.h"

#include "bpf/abi/counters.h"
#include "unwind/state.h"

/* Set before load. */
const volatile __u32 want_kernel_stack = 1;
const volatile __u32 want_kernel_threads = 1;
const volatile __u32 filter_targets = 0;   /* only processes in `targets` */
const volatile __u64 filter_cgroup_id = 0; /* only this cgroup and those below it */
const volatile __u32 filter_comm = 0;	   /* only threads named wanted_comm */
const volatile __u64 wanted_comm[2] = {};  /* SONDE_COMM_BYTES, padded with zeros */
const volatile __u64 defer_below = 0;	   /* bytes in the ring up to which walks are deferred */
const volatile __u64 wake_above = 0;	   /* bytes in the ring from which userspace is woken */

/* Work area of this program family alone: a tick can interrupt another program. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sonde_unwind);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SONDE_MAX_CPUS);
	__type(key, __u32);
	__type(value, struct sonde_cpu);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1024 * 1024); /* bytes; set by CPUs x rate before load */
} samples SEC(".maps");

#define BETWEEN_WAKEUPS_NS 100000000ULL

__u64 wake_again_ns; /* before that no process without tables wakes userspace */

static __always_inline struct sonde_unwind *get_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

static __always_inline int sonde_read_block(void *destination, __u32 bytes, __u64 address)
{
	return bpf_probe_read_user(destination, bytes, (void *)address);
}

/* Copies stack memory from just under `address` into the window; at the end of a mapping only up
 * to the page's end. Global, so that the verifier walks it once. Returns 0 or an error. */
__noinline int fill_window(__u64 address)
{
	struct sonde_unwind *u = get_scratch();
	__u64 base = (address & ~7ULL) - 64;
	__u32 bytes;

	if (!u)
		return 1;
	u->window_base = base;
	u->window_bytes = sizeof(u->window);
	if (!bpf_probe_read_user(u->window, sizeof(u->window), (void *)base))
		return 0;
	base = address & ~7ULL;
	bytes = 4096 - (base & 4095);
	if (bytes > sizeof(u->window))
		bytes = sizeof(u->window);
	u->window_base = base;
	u->window_bytes = bytes;
	if (!bpf_probe_read_user(u->window, bytes, (void *)base))
		return 0;
	u->window_bytes = 0;
	return 1;
}

static __always_inline int sonde_read_word(struct sonde_unwind *u, __u64 address, __u64 *out)
{
	__u64 offset = address - u->window_base;

	if (address & 7)
		return bpf_probe_read_user(out, sizeof(*out), (void *)address);
	if (offset >= u->window_bytes) {
		if (fill_window(address))
			return 1;
		offset = address - u->window_base;
	}
	*out = u->window[(offset >> 3) & (SONDE_WINDOW_WORDS - 1)];
	return 0;
}

#include "unwind/find.h"

#include "row_cache.bpf.h"

/* Global: inlined into every step, the search alone would use up the verifier's patience. */
__noinline int look_up_row(__u64 slot, __u64 file_offset)
{
	struct sonde_unwind *u = get_scratch();
	struct cached_row *cached;
	__u64 table = sonde_image_table(slot), tag;
	int found;

	if (!u)
		return SONDE_ROW_ABSENT;
	if (!table)
		return SONDE_ROW_UNPUBLISHED;
	tag = row_tag(u->range_target, table, file_offset);
	cached = cached_row_of(tag);
	if (cached && cached->tag == tag) {
		u->row = cached->row;
		return SONDE_ROW_FOUND;
	}
	found = sonde_find_row(slot, file_offset, &u->row);
	if (cached && found == SONDE_ROW_FOUND) {
		cached->tag = tag;
		cached->row = u->row;
	}
	return found;
}

static __always_inline int sonde_look_up(struct sonde_unwind *u, __u64 slot, __u64 file_offset)
{
	return look_up_row(slot, file_offset);
}

#include "go_switch.bpf.h"
#include "uprobes.bpf.h"
#include "unwind/step.h"

#define FRAMES_PER_CALL 4

/* Walks up to FRAMES_PER_CALL frames. Global: verified once however often it is called, and as
 * fast as bpf_loop, which kernels before 5.17 lack. Returns 1 when the walk is over. */
__noinline int walk_frames(__u32 turn)
{
	struct sonde_unwind *u = get_scratch();
	int i;

	if (!u)
		return 1;
	for (i = 0; i < FRAMES_PER_CALL; i++) {
		if (sonde_step(u))
			return 1;
	}
	return turn > SONDE_MAX_USER_FRAMES;
}

static __always_inline void walk_user_stack(void)
{
	__u32 turn;

	for (turn = 0; turn <= SONDE_MAX_USER_FRAMES / FRAMES_PER_CALL; turn++) {
		if (walk_frames(turn))
			break;
	}
}

static __always_inline void copy_registers(__u64 *to, const struct sonde_pt_regs *r)
{
	to[0] = r->ax;
	to[1] = r->dx;
	to[2] = r->cx;
	to[3] = r->bx;
	to[4] = r->si;
	to[5] = r->di;
	to[6] = r->bp;
	to[7] = r->sp;
	to[8] = r->r8;
	to[9] = r->r9;
	to[10] = r->r10;
	to[11] = r->r11;
	to[12] = r->r12;
	to[13] = r->r13;
	to[14] = r->r14;
	to[15] = r->r15;
}

static __always_inline void set_registers(struct sonde_unwind *u, struct sonde_pt_regs *r)
{
	u->pc = r->ip;
	u->sp = r->sp;
	u->bp = r->bp;
	copy_registers(u->regs, r);
}

#define THREAD_SIZE_X86_64 16384 /* arch/x86/include/asm/page_64_types.h, without KASAN */

/* The registers user code had when it entered the kernel. Returns 0 or an error. */
static __always_inline int read_task_registers(struct task_struct *task, struct sonde_pt_regs *out)
{
	void *at;

	if (SONDE_HAS_TASK_BTF &&
	    bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		at = (void *)bpf_task_pt_regs((void *)task); /* 5.15 */
	else
		at = BPF_CORE_READ(task, stack) + THREAD_SIZE_X86_64 - sizeof(*out);
	return bpf_probe_read_kernel(out, sizeof(*out), at);
}

/* Ranges of the task's process. A child that has not called exec shares its parent's. */
static __always_inline struct sonde_process *find_process_of(struct task_struct *task, __u32 tgid,
							     __u64 start_ns)
{
	struct sonde_process *process = sonde_find_process(tgid, start_ns / SONDE_START_TICK_NS);
	struct task_struct *leader, *parent;

	if (process || !(SONDE_READ(task, flags) & PF_FORKNOEXEC))
		return process;
	leader = SONDE_READ(task, group_leader);
	parent = SONDE_READ(leader, real_parent);
	return sonde_find_process(SONDE_READ(parent, tgid),
				  sonde_process_start(parent) / SONDE_START_TICK_NS);
}

static __always_inline int under_cgroup(struct task_struct *task, __u64 wanted)
{
	struct cgroup *cgroup = sonde_task_cgroup(task);
	int depth;

	for (depth = 0; depth < 16; depth++) {
		struct cgroup_subsys_state *parent;

		if (BPF_CORE_READ(cgroup, kn, id) == wanted)
			return 1;
		parent = BPF_CORE_READ(cgroup, self.parent);
		if (!parent)
			return 0;
		cgroup = BPF_CORE_READ(parent, cgroup);
		if (!cgroup)
			return 0;
	}
	return 0;
}

static __always_inline int is_filtered(struct task_struct *task, __u32 tgid)
{
	__u64 comm[2] = {};

	if (!want_kernel_threads && SONDE_READ(task, flags) & PF_KTHREAD)
		return 1;
	if (filter_targets && !bpf_map_lookup_elem(&targets, &tgid))
		return 1;
	if (filter_comm) {
		bpf_get_current_comm(comm, sizeof(comm));
		if (comm[0] != wanted_comm[0] || comm[1] != wanted_comm[1])
			return 1;
	}
	return filter_cgroup_id && !under_cgroup(task, filter_cgroup_id);
}

static __always_inline void take_kernel_stack(void *ctx, struct sonde_unwind *u)
{
	long bytes = bpf_get_stack(ctx, u->record.frames, SONDE_MAX_KERNEL_FRAMES * 8, 0);

	if (bytes < 0 || bytes >= SONDE_MAX_KERNEL_FRAMES * 8)
		u->record.sample.flags |= SONDE_SAMPLE_KERNEL_CUT;
	if (bytes > 0)
		u->record.sample.kernel_count = bytes / 8;
}

/* In exit and exec the old address space goes before the task leaves the system call. */
static __always_inline int gives_up_memory(struct task_struct *task, __u64 syscall)
{
	return SONDE_READ(task, flags) & PF_EXITING || syscall == SONDE_NR_EXECVE ||
	       syscall == SONDE_NR_EXECVEAT;
}

/* Walks the user stack of the current task, if it has one. */
static __always_inline void take_user_stack(struct sonde_unwind *u, struct task_struct *task,
					    struct sonde_pt_regs *regs,
					    struct sonde_process *process)
{
	__u64 syscall = regs->orig_ax; /* -1 or a vector number outside system calls */

	u->done = 0;
	u->exact = SONDE_EXACT_REGS;
	u->by_fp = 0;
	u->range_begin = 0;
	u->range_end = 0;
	u->window_bytes = 0;
	u->frame_count = 0;
	u->frame_first = u->record.sample.kernel_count;
	if (SONDE_READ(task, flags) & (PF_KTHREAD | PF_IO_WORKER)) {
		u->record.sample.flags |= SONDE_SAMPLE_KERNEL_THREAD;
		u->stop = SONDE_STOP_KERNEL_ONLY;
		return;
	}
	if (!(regs->cs & 3)) {
		u->stop = SONDE_STOP_NO_REGISTERS;
		return;
	}
	if (regs->cs == SONDE_USER32_CS) {
		u->stop = SONDE_STOP_COMPAT32;
		return;
	}
	set_registers(u, regs);
	note_uprobes(u, task);
	u->block_first = process ? process->block : 0;
	u->block_count = process ? process->block >> 32 : 0;
	walk_user_stack();
	if (!u->block_count && u->stop == SONDE_STOP_NO_MAPPING)
		u->stop = SONDE_STOP_NO_PROCESS;
	if (u->stop == SONDE_STOP_READ_FAULT && gives_up_memory(task, syscall))
		u->stop = SONDE_STOP_MEMORY_GONE;
}

/* Copies user stack memory into the record, page by page, since a read that meets the end of a
 * mapping gives nothing at all; a red zone that cannot be read is zero. Global, so that the
 * verifier walks it once. Returns the bytes copied, 0 if there is no stack. */
#define SONDE_RED_ZONE_BYTES (SONDE_RED_ZONE_WORDS * 8)
__noinline int copy_stack(__u64 sp)
{
	struct sonde_unwind *u = get_scratch();
	__u32 first = 4096 - (sp & 4088);
	char *to;

	if (!u || (sp & 7))
		return 0;
	to = (char *)u->record.deferred.copy.stack;
	bpf_probe_read_user(to, SONDE_RED_ZONE_BYTES, (void *)(sp - SONDE_RED_ZONE_BYTES));
	to += SONDE_RED_ZONE_BYTES;
	if (bpf_probe_read_user(to, first, (void *)sp))
		return 0;
	if (bpf_probe_read_user(to + first, 4096, (void *)(sp + first)))
		return SONDE_RED_ZONE_BYTES + first;
	if (bpf_probe_read_user(to + first + 4096, 4096, (void *)(sp + first + 4096)))
		return SONDE_RED_ZONE_BYTES + first + 4096;
	return SONDE_DEFERRED_STACK_WORDS * 8;
}

/* The walk ended where tables are missing: keeps what userspace needs to walk it once it has
 * them. Deferred records may fill the ring to defer_below, so that they never cost others. */
static __always_inline void defer(struct sonde_unwind *u, struct sonde_cpu *cpu,
				  struct task_struct *task, const struct sonde_pt_regs *regs)
{
	int bytes;

	if (!defer_below)
		return;
	if (bpf_ringbuf_query(&samples, BPF_RB_AVAIL_DATA) > defer_below) {
		cpu->counters[SONDE_CPU_DEFER_REFUSED]++;
		return;
	}
	bytes = copy_stack(regs->sp);
	if (bytes <= 0) {
		if (gives_up_memory(task, regs->orig_ax))
			u->stop = SONDE_STOP_MEMORY_GONE;
		return;
	}
	copy_registers(u->record.deferred.copy.registers, regs);
	u->record.deferred.copy.registers[16] = sonde_in_line_pc(u, task, regs->ip);
	u->record.sample.flags |= SONDE_SAMPLE_DEFERRED;
	u->frame_count = SONDE_DEFERRED_REGISTERS + ((__u32)bytes >> 3);
	cpu->counters[SONDE_CPU_DEFERRED]++;
}

static __always_inline void fill_header(struct sonde_unwind *u, struct task_struct *task,
					__u64 pid_tgid, __u64 start_ns, __u64 now)
{
	struct task_struct *leader = SONDE_READ(task, group_leader);

	u->record.sample.time_ns = now;
	u->record.sample.start_time_ns = start_ns;
	u->record.sample.cgroup_id = sonde_cgroup_id(task);
	u->record.sample.tgid = pid_tgid >> 32;
	u->record.sample.tid = (__u32)pid_tgid;
	u->record.sample.kernel_count = 0;
	u->record.sample.flags = 0;
	u->record.sample.reserved = 0;
	bpf_get_current_comm(u->record.sample.comm, sizeof(u->record.sample.comm));
	bpf_core_read(u->record.sample.process, sizeof(u->record.sample.process), &leader->comm);
}

/* Userspace sleeps for long. It is woken by a ring that fills, and by a process without tables,
 * which is so until they are there: not by each of its ticks. */
static __always_inline __u64 wakeup(const struct sonde_unwind *u)
{
	__u64 now = u->record.sample.time_ns;

	if (bpf_ringbuf_query(&samples, BPF_RB_AVAIL_DATA) > wake_above)
		return BPF_RB_FORCE_WAKEUP;
	if (!(u->record.sample.flags & SONDE_SAMPLE_DEFERRED) || now < wake_again_ns)
		return BPF_RB_NO_WAKEUP;
	wake_again_ns = now + BETWEEN_WAKEUPS_NS; /* CPUs race: one more does no harm */
	return BPF_RB_FORCE_WAKEUP;
}

/* Writes the record. Returns 0 or an error (the ring is full). */
static __always_inline int emit(struct sonde_unwind *u)
{
	__u64 words = u->frame_count;

	words += u->record.sample.flags & SONDE_SAMPLE_DEFERRED ? SONDE_MAX_KERNEL_FRAMES
								: u->record.sample.kernel_count;
	u->record.sample.user_count = u->frame_count;
	u->record.sample.stop = u->stop;
	if (words > SONDE_RECORD_WORDS)
		words = SONDE_RECORD_WORDS;
	return bpf_ringbuf_output(&samples, &u->record, sizeof(struct sonde_sample) + words * 8,
				  wakeup(u));
}

/* The user registers at the tick, wherever it hit. Returns 0 or an error. */
static __always_inline int read_user_registers(void *ctx, struct task_struct *task,
					       struct sonde_pt_regs *out)
{
	if (*(__u64 *)(ctx + __builtin_offsetof(struct sonde_pt_regs, cs)) & 3) {
		*out = *(const struct sonde_pt_regs *)ctx;
		return 0;
	}
	return read_task_registers(task, out);
}

static __always_inline int misses_tables(const struct sonde_unwind *u)
{
	return u->stop == SONDE_STOP_NO_PROCESS || u->stop == SONDE_STOP_NO_MAPPING;
}

static __always_inline void sample_task(void *ctx, struct sonde_cpu *cpu, __u32 cpu_id, __u64 now)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid(), divisor = cpu->divisor;
	struct task_struct *task = sonde_current_task();
	__u64 start_ns = sonde_process_start(task);
	__u32 tgid = pid_tgid >> 32;
	struct sonde_pt_regs *regs;
	struct sonde_process *process;
	struct sonde_unwind *u;

	if (is_filtered(task, tgid)) {
		cpu->counters[SONDE_CPU_FILTERED]++;
		return;
	}
	process = find_process_of(task, tgid, start_ns);
	if (process && process->divisor)
		divisor = process->divisor;
	if (divisor == SONDE_DIVISOR_NEVER) {
		cpu->counters[SONDE_CPU_FILTERED]++;
		return;
	}
	if (!divisor)
		divisor = 1;
	if (cpu->counters[SONDE_CPU_RUN] % divisor) {
		cpu->counters[SONDE_CPU_THINNED]++;
		return;
	}
	u = get_scratch();
	if (!u) {
		/* Cannot be: the slot of a per-CPU array is always there. Counted all the same. */
		cpu->counters[SONDE_CPU_RING_FULL]++;
		return;
	}
	fill_header(u, task, pid_tgid, start_ns, now);
	u->record.sample.cpu = cpu_id;
	u->record.sample.weight_ns = cpu->period_ns * divisor;
	regs = (struct sonde_pt_regs *)u->window; /* free until the walk begins */
	if (!(*(__u64 *)(ctx + __builtin_offsetof(struct sonde_pt_regs, cs)) & 3)) {
		u->record.sample.flags |= SONDE_SAMPLE_IN_KERNEL;
		if (want_kernel_stack)
			take_kernel_stack(ctx, u);
	}
	read_user_registers(ctx, task, regs);
	take_user_stack(u, task, regs, process);
	if (misses_tables(u) && !read_user_registers(ctx, task, regs))
		defer(u, cpu, task, regs);
	if (emit(u)) {
		cpu->counters[SONDE_CPU_RING_FULL]++;
		return;
	}
	cpu->counters[SONDE_CPU_EMITTED]++;
	cpu->counters[SONDE_CPU_BPF_NS] += bpf_ktime_get_ns() - now;
}

SEC("perf_event")
int sample_cpu(void *ctx)
{
	__u32 cpu_id = bpf_get_smp_processor_id();
	struct sonde_cpu *cpu = bpf_map_lookup_elem(&cpus, &cpu_id);

	if (!cpu)
		return 0;
	cpu->counters[SONDE_CPU_RUN]++;
	if ((bpf_get_current_pid_tgid() >> 32) == 0) {
		cpu->counters[SONDE_CPU_IDLE]++;
		return 0;
	}
	sample_task(ctx, cpu, cpu_id, bpf_ktime_get_ns());
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
