/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* State of one walk over a user stack. Also compiled natively (tests, unwinding in userspace). */
#ifndef SONDE_UNWIND_STATE_H
#define SONDE_UNWIND_STATE_H

#include <linux/types.h>

#include "bpf/abi/frame.h"
#include "bpf/abi/rows.h"
#include "bpf/abi/sample.h"
#include "bpf/abi/stop.h"

/* Copied stack memory: most frames are then walked without a read of their own. Words, a power
 * of two; 2 KiB measured best (1 KiB 10 % slower at depth 100, 4 KiB equal). */
#define SONDE_WINDOW_WORDS 256
#define SONDE_FRAME_WORDS  1024 /* kernel and user frames of one sample; a power of two */

/* DWARF register numbers of x86-64 (psABI figure 3.36) that the walk names. */
#define SONDE_REG_RBP	6
#define SONDE_REG_RSP	7
#define SONDE_REG_COUNT 16

/* What goes to the ring, in one piece: header, kernel frames, user frames. */
#define SONDE_RECORD_WORDS                                                                         \
	(SONDE_MAX_KERNEL_FRAMES + SONDE_DEFERRED_REGISTERS + SONDE_DEFERRED_STACK_WORDS)
struct sonde_deferred_words {
	__u64 kernel[SONDE_MAX_KERNEL_FRAMES];
	struct sonde_deferred copy;
	__u64 slack[512]; /* whole pages are read; what is past the copy is not sent */
};
struct sonde_record {
	struct sonde_sample sample;
	union {
		__u64 frames[SONDE_FRAME_WORDS];
		struct sonde_deferred_words deferred;
	};
};

enum sonde_exact {
	SONDE_EXACT_NOT = 0, /* pc is a return address */
	SONDE_EXACT_PC,	  /* pc is where the code stands; of its registers, sp and bp are known */
	SONDE_EXACT_REGS, /* an interrupted instruction: all of them are */
};

struct sonde_unwind {
	__u64 pc;
	__u64 sp;
	__u64 bp;
	__u64 regs[SONDE_REG_COUNT]; /* DWARF order; valid while `exact` is EXACT_REGS */

	__u64 range_begin; /* range of the last pc: callers are often in the same one */
	__u64 range_end;
	__u64 range_target;

	__u64 window_base; /* address of window[0] */
	__u64 window_bytes;

	__u64 trampoline; /* where probed returns go, 0 = none; and the first of those probes */
	__u64 return_probes;

	__u32 block_first; /* the process's ranges */
	__u32 block_count;
	__u32 frame_first; /* index of the first user frame in record.frames */
	__u32 frame_count;
	__u16 stop; /* enum sonde_stop_reason, meaningful once `done` */
	__u8 exact; /* enum sonde_exact */
	__u8 by_fp; /* the step that led here followed the frame pointer */
	__u8 done;
	__u8 reserved[3];

	struct sonde_row row; /* the last one found */

	__u64 window[SONDE_WINDOW_WORDS];
	struct sonde_record record;
};

#endif
