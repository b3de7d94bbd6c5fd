/* SPDX-License-Identifier: GPL-2.0-only */
/* The chosen processes of `record -p` and `record -- COMMAND`: filled once by the agent, kept up
 * to date in the kernel (fork adds the child, exit removes), so that a child counts from its
 * first tick. Shared by the sampler (reads) and the process program (writes). */
#ifndef SONDE_TARGETS_H
#define SONDE_TARGETS_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);   /* tgid */
	__type(value, __u64); /* unused */
} targets SEC(".maps");

#endif
