/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Record of the sample ring. Variable length: header, then kernel frames, then user frame words,
 * each leaf first. Fixed widths, widest first, no implicit padding. A deferred record has no user
 * frames: SONDE_MAX_KERNEL_FRAMES words of kernel frames, whatever kernel_count says, are
 * followed by a struct sonde_deferred of user_count words. */
#ifndef SONDE_ABI_SAMPLE_H
#define SONDE_ABI_SAMPLE_H

#include <linux/types.h>

#include "frame.h"

#define SONDE_COMM_BYTES 16

#define SONDE_SAMPLE_IN_KERNEL	   1 /* the tick hit kernel code */
#define SONDE_SAMPLE_KERNEL_THREAD 2 /* the task has no user memory */
#define SONDE_SAMPLE_KERNEL_CUT	   4 /* the kernel part reached its frame limit or failed */
#define SONDE_SAMPLE_DEFERRED	   8 /* to be walked in userspace, once it has the tables */

struct sonde_sample {
	__u64 time_ns;	     /* CLOCK_MONOTONIC */
	__u64 start_time_ns; /* group leader's start_boottime: with tgid the process's identity */
	__u64 cgroup_id;     /* kernfs id, see sonde_cgroup_mode */
	__u64 weight_ns;     /* CPU time this sample stands for */
	__u64 stop_frame;    /* frame word where the walk ended, 0 if it never began */
	__u32 tgid;	     /* init pid namespace */
	__u32 tid;	     /* init pid namespace */
	__u32 cpu;
	__u16 kernel_count; /* frames */
	__u16 user_count;   /* frame words */
	__u16 stop;	    /* enum sonde_stop_reason */
	__u16 flags;	    /* SONDE_SAMPLE_* */
	__u32 reserved;
	char comm[SONDE_COMM_BYTES];	/* of the thread */
	char process[SONDE_COMM_BYTES]; /* of the group leader */
};

/* What a walk needs, kept because the tables were not there when the tick came: user registers in
 * DWARF order with the pc behind them, and stack memory from the red zone below rsp (psABI 3.2.2)
 * upwards. In an epilogue, what has been popped is still found in the red zone. */
#define SONDE_DEFERRED_REGISTERS   17
#define SONDE_RED_ZONE_WORDS	   16
#define SONDE_DEFERRED_STACK_WORDS (SONDE_RED_ZONE_WORDS + 1024)
struct sonde_deferred {
	__u64 registers[SONDE_DEFERRED_REGISTERS];
	__u64 stack[SONDE_DEFERRED_STACK_WORDS];
};

#define SONDE_SAMPLE_MAX_WORDS (SONDE_MAX_KERNEL_FRAMES + SONDE_MAX_USER_FRAMES)

/* Which kernfs id cgroup_id holds; chosen once at start and reported. */
enum sonde_cgroup_mode {
	SONDE_CGROUP_V2 = 0,	/* the unified hierarchy */
	SONDE_CGROUP_V1_MEMORY, /* the v1 memory controller's hierarchy (v1 and hybrid hosts) */
};

#endif
