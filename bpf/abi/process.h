/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Record of the process ring: exec, fork (of processes, not threads), exit (of the last thread),
 * rename. Ids are those of the init pid namespace. */
#ifndef SONDE_ABI_PROCESS_H
#define SONDE_ABI_PROCESS_H

#include <linux/types.h>

#include "sample.h"

enum sonde_process_event_kind {
	SONDE_EVENT_EXEC = 1,
	SONDE_EVENT_FORK,
	SONDE_EVENT_EXIT,
	SONDE_EVENT_COMM,
};

struct sonde_process_event {
	__u64 time_ns;		    /* CLOCK_MONOTONIC */
	__u64 start_time_ns;	    /* of the process named by tgid (the child, for a fork) */
	__u64 parent_start_time_ns; /* fork only */
	__u64 cgroup_id;
	__u32 kind; /* enum sonde_process_event_kind */
	__u32 tgid;
	__u32 parent_tgid; /* fork only */
	__u32 reserved;
	char comm[SONDE_COMM_BYTES]; /* of the group leader after the event */
};

#endif
