/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Counters of the sampler, one set per CPU. X(id, name, help); the order is the ABI.
 * The books: run = idle + filtered + thinned + emitted + ring_full. */
#ifndef SONDE_ABI_COUNTERS_H
#define SONDE_ABI_COUNTERS_H

#include <linux/types.h>

#define SONDE_CPU_COUNTERS(X)                                                                      \
	X(RUN, "run", "clock ticks that ran the program")                                          \
	X(IDLE, "idle", "ticks that hit the idle task")                                            \
	X(FILTERED, "filtered", "ticks of tasks outside the chosen set")                           \
	X(THINNED, "thinned", "ticks skipped by a target's divisor")                               \
	X(EMITTED, "emitted", "samples written to the ring")                                       \
	X(RING_FULL, "ring_full", "samples lost: the ring had no room")                            \
	X(BPF_NS, "bpf_ns", "time the program took on emitted samples, ns")                        \
	X(DEFERRED, "deferred", "of the emitted ones, those to be walked in userspace")            \
	X(DEFER_REFUSED, "defer_refused",                                                          \
	  "of the emitted ones, those cut because deferred ones filled half of the ring")

enum sonde_cpu_counter {
#define X(id, name, help) SONDE_CPU_##id,
	SONDE_CPU_COUNTERS(X)
#undef X
	    SONDE_CPU_COUNTER_COUNT
};

#define SONDE_PROCESS_COUNTERS(X)                                                                  \
	X(EVENTS, "events", "process events written to the ring")                                  \
	X(RING_FULL, "process_ring_full", "process events lost: no room in their ring")

enum sonde_process_counter {
#define X(id, name, help) SONDE_PROCESS_##id,
	SONDE_PROCESS_COUNTERS(X)
#undef X
	    SONDE_PROCESS_COUNTER_COUNT
};

/* One per CPU, in a mmapped array: the agent reads counters and writes the rest without a
 * syscall. 128 bytes, so that CPUs never share a cache line. */
struct sonde_cpu {
	__u64 counters[SONDE_CPU_COUNTER_COUNT];
	__u64 period_ns; /* clock period in force; ctx->sample_period lies after a change of rate */
	__u64 divisor;	 /* of processes without one of their own, as in struct sonde_process */
	__u64 reserved[14 - SONDE_CPU_COUNTER_COUNT];
};
#define SONDE_MAX_CPUS 1024

#endif
