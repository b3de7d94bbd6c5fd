/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel structures we read, and only the fields we read: every kernel dependency in one
 * place, relocated by CO-RE. A full vmlinux.h would pin details of the kernel it came from. */
#ifndef SONDE_KERNEL_TYPES_H
#define SONDE_KERNEL_TYPES_H

#include <linux/types.h>

#define PF_EXITING	  0x00000004 /* include/linux/sched.h */
#define PF_IO_WORKER	  0x00000010 /* io_uring workers have no user code */
#define PF_FORKNOEXEC	  0x00000040 /* forked, and has not called exec */
#define PF_KTHREAD	  0x00200000
#define SONDE_NR_EXECVE	  59 /* arch/x86/entry/syscalls/syscall_64.tbl */
#define SONDE_NR_EXECVEAT 322
#define SONDE_USER32_CS	  0x23 /* arch/x86/include/asm/segment.h __USER32_CS */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	__u64 id; /* union kernfs_node_id until 5.4 */
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
	struct cgroup_subsys_state *subsys[16];
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
};

/* kernel/events/uprobes.c: out-of-line slots, the first of which is where probed returns go. */
struct xol_area {
	unsigned long vaddr;
};

struct uprobes_state {
	struct xol_area *xol_area;
};

struct mm_struct {
	struct uprobes_state uprobes_state;
};

/* A function under a return probe: where it returns to. The innermost is first. */
struct return_instance {
	unsigned long stack; /* of the function's caller, below the return address */
	unsigned long orig_ret_vaddr;
	struct return_instance *next;
};

struct uprobe_task {
	struct return_instance *return_instances;
	unsigned long vaddr; /* of the instruction that runs out of line */
};

struct thread_struct {
	unsigned long fsbase; /* the thread pointer */
};

struct task_struct {
	struct thread_struct thread;
	void *stack;
	unsigned int flags;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	__u64 start_boottime;
	struct mm_struct *mm;
	struct uprobe_task *utask;
	char comm[16];
	struct signal_struct *signal;
	struct css_set *cgroups;
};

enum cgroup_subsys_id {
	memory_cgrp_id = 0, /* the value is taken from the running kernel by CO-RE */
};

#pragma clang attribute pop

/* Layout of struct pt_regs as user ABI (asm/ptrace.h), which the context of a perf_event program
 * begins with. Not taken from BTF: kernels with FRED declare `cs` as a 16-bit union member. */
struct sonde_pt_regs {
	__u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax;
	__u64 ip, cs, flags, sp, ss;
};

#endif
