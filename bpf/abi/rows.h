/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Unwind rows and the tables that lead to them. Written by the agent through mmap, read by the
 * BPF programs; rows are produced by the symbolizer's worker.
 *
 * pc -> process (hash probe) -> sorted ranges -> image -> 4 KiB page -> sorted rows.
 * Rows are keyed by FILE OFFSET, so one table serves every mapping of a file at any address. */
#ifndef SONDE_ABI_ROWS_H
#define SONDE_ABI_ROWS_H

#include <linux/types.h>

/* How to find the canonical frame address (CFA: the caller's stack pointer). */
enum sonde_cfa_kind {
	SONDE_CFA_NONE = 0,	 /* no code known here: try a frame-pointer step */
	SONDE_CFA_RSP,		 /* rsp + cfa_param * 8 */
	SONDE_CFA_RBP,		 /* rbp + cfa_param * 8 */
	SONDE_CFA_REGISTER,	 /* register + cfa_param * 8; leaf frame only */
	SONDE_CFA_DEREF_RSP,	 /* *(rsp + (cfa_param >> 4) * 8) + (cfa_param & 15) * 8 */
	SONDE_CFA_DEREF_RBP,	 /* *(rbp + (cfa_param >> 4) * 8) + (cfa_param & 15) * 8 */
	SONDE_CFA_PLT,		 /* rsp + cfa_param * 8 + ((pc & 15) >= aux ? 8 : 0) */
	SONDE_CFA_SIGNAL,	 /* rsp points at a ucontext: take every register from it */
	SONDE_CFA_END,		 /* first frame of a thread: the stack is complete */
	SONDE_CFA_UNSUPPORTED,	 /* a rule we name but do not evaluate */
	SONDE_CFA_FRAME_POINTER, /* code built with frame pointers and no CFI: step by rbp */
	/* Frames over 256 KiB: CFA = register + (rbp_param << 16 | cfa_param) * 8, unsigned; rbp is
	 * *(CFA - aux * 8), unchanged if aux is 0; the return address is *(CFA - 8). */
	SONDE_CFA_FAR_RSP,
	SONDE_CFA_FAR_RBP,
	/* The Go runtime on a thread's own stack, which may lie on either side of the goroutine's:
	 * goes on where the goroutine stands. aux SONDE_GO_BY_RBP: rbp is its frame pointer.
	 * SONDE_GO_BY_G: the running g is at thread pointer + cfa_param * 8, the goroutine's at
	 * rbp_param words in its m. */
	SONDE_CFA_GO_SWITCH,
};

enum sonde_go_switch_kind {
	SONDE_GO_BY_G = 0,
	SONDE_GO_BY_RBP,
};

/* What the caller's rbp is. */
enum sonde_rbp_kind {
	SONDE_RBP_SAME = 0, /* unchanged */
	SONDE_RBP_CFA,	    /* *(CFA + rbp_param * 8) */
	SONDE_RBP_AT_RBP,   /* *(rbp + rbp_param * 8) */
	SONDE_RBP_AT_RSP,   /* *(rsp + rbp_param * 8) */
};

/* Where the return address is. */
enum sonde_ra_kind {
	SONDE_RA_CFA = 0,  /* *(CFA - 8) */
	SONDE_RA_REGISTER, /* in register number rbp_param (rbp is SAME); leaf frame only: vfork */
};

#define SONDE_ROW_CFA_KIND(row) ((row).cfa & 15)
#define SONDE_ROW_CFA_AUX(row)	((row).cfa >> 4) /* register number (DWARF) or PLT threshold */
#define SONDE_ROW_RBP_KIND(row) ((row).flags & 3)
#define SONDE_ROW_RA_KIND(row)	(((row).flags >> 2) & 1)
#define SONDE_ROW_NOT_CALLED	0x10 /* the code behind is returned to at its first byte */
#define SONDE_ROW_SYNTHESISED	0x20 /* made by decoding code, not from unwind tables */
#define SONDE_ROW_RUNTIME	0x40 /* a language runtime's frames begin here */

/* The rule in force from file offset (page << SONDE_PAGE_SHIFT | offset) up to the next row. */
struct sonde_row {
	__u16 offset;	 /* in the page, bytes */
	__u8 cfa;	 /* kind:4 | aux:4 */
	__u8 flags;	 /* rbp kind:2 | ra kind:1 | reserved | SONDE_ROW_* */
	__s16 cfa_param; /* in 8-byte words, see the kind */
	__s16 rbp_param; /* in 8-byte words, see the kind */
};

/* Small pages: a search touches two or three cache lines. On a busy CPU each line is a miss, and
 * those, not instructions, are what a frame costs. */
#define SONDE_PAGE_SHIFT	12
#define SONDE_PAGE_MASK		((1U << SONDE_PAGE_SHIFT) - 1)
#define SONDE_MAX_ROWS_PER_PAGE 4096 /* one a byte; 12 search steps */

/* Rows of one page of a file. The first row of a page has offset 0 (the rule in force at
 * the page's start is repeated). count 0 = nothing known about this page. */
struct sonde_page {
	__u32 first; /* index into the global row space: chunk << SONDE_CHUNK_SHIFT | row */
	__u32 count;
};

/* Rows live in fixed-size chunks (inner arrays of one array-of-maps), so kernel memory grows by
 * need; the rows of one page never cross a chunk. */
#define SONDE_CHUNK_SHIFT 19
#define SONDE_CHUNK_ROWS  (1U << SONDE_CHUNK_SHIFT) /* 4 MiB of rows */
#define SONDE_MAX_CHUNKS  14
#define SONDE_MAX_PAGES	  (1U << 19) /* 2 GiB of text */

/* image.table packs everything a reader needs into one word, so that publishing is one store:
 * base page:20 | page count:20 | first page entry:24. 0 = rows not published yet. */
#define SONDE_TABLE_FIRST_MASK	0xffffffULL
#define SONDE_TABLE_COUNT_SHIFT 24
#define SONDE_TABLE_COUNT_MASK	0xfffffULL
#define SONDE_TABLE_BASE_SHIFT	44
#define SONDE_TABLE_BASE_MASK	0xfffffULL
#define SONDE_TABLE_EMPTY	SONDE_TABLE_FIRST_MASK /* published, and the file has no rows at all */

struct sonde_image {
	__u64 table;
};
#define SONDE_MAX_IMAGES 16384

/* One executable mapping of a process. Sorted by begin, no overlap. */
struct sonde_range {
	__u64 begin;  /* first address */
	__u64 end;    /* one past the last */
	__u64 target; /* kind:2 | unused:13 | slot:16 | generation:8 | file page (4 KiB):25 */
};
#define SONDE_RANGE_KIND_SHIFT	     62
#define SONDE_RANGE_IMAGE	     0ULL /* a file */
#define SONDE_RANGE_ANONYMOUS	     1ULL /* JIT code, trampolines: frame-pointer steps only */
#define SONDE_RANGE_OPAQUE	     2ULL /* [vsyscall], [uprobes]: named by address, not walked */
#define SONDE_RANGE_PROBE_CALL	     3ULL /* [uprobes-trampoline]: what probed code calls */
#define SONDE_RANGE_SLOT_SHIFT	     33
#define SONDE_RANGE_GENERATION_SHIFT 25
#define SONDE_RANGE_FILE_PAGE_MASK   ((1ULL << 25) - 1)
#define SONDE_MAX_RANGES	     (1U << 17)
#define SONDE_MAX_RANGES_PER_PROCESS 65535 /* 16 search steps */

/* Process table: open addressing over a mmapped array, so the agent never updates a hash map by
 * syscall (which would make clock ticks vanish: bpf_prog_active). A probe sequence is at most
 * SONDE_PROCESS_PROBES long. `key` is written last when an entry is taken, first when it is freed.
 */
struct sonde_process {
	__u64 key;	  /* tgid + 1; 0 = free */
	__u64 start_time; /* start_boottime of the group leader in 10 ms ticks, as in /proc/PID/stat
			   */
	__u64 block;	  /* first range:32 | range count:32; 0 = ranges not published yet */
	__u64 divisor;	  /* n = each n-th tick of a CPU is kept, weight x n; 0 = that of the CPU */
};
#define SONDE_DIVISOR_NEVER (~0ULL) /* no tick is kept: they count as filtered */
/* Unit of start_time: USER_HZ ticks. A pid cannot come back within one. */
#define SONDE_START_TICK_NS	 10000000ULL
#define SONDE_MAX_PROCESSES	 32768 /* a power of two */
#define SONDE_PROCESS_PROBES	 16
#define SONDE_PROCESS_HASH(tgid) (((tgid)*2654435761U) >> 17) /* tgid is a __u32; 15 bits */

#endif
