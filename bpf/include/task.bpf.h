/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading task_struct: plain loads through a BTF pointer where the kernel gives one (5.11,
 * kernel commit 3ca1032ab7ab), probe reads before. */
#ifndef SONDE_TASK_H
#define SONDE_TASK_H

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/abi/rows.h"
#include "bpf/abi/sample.h"
#include "kernel_types.bpf.h"

const volatile __u32 cgroup_mode = SONDE_CGROUP_V2; /* enum sonde_cgroup_mode; set before load */

#define SONDE_HAS_TASK_BTF                                                                         \
	bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)

static __always_inline struct task_struct *sonde_current_task(void)
{
	if (SONDE_HAS_TASK_BTF)
		return (struct task_struct *)bpf_get_current_task_btf();
	return (struct task_struct *)bpf_get_current_task();
}

/* One field of an object reached from sonde_current_task(). */
#define SONDE_READ(object, field)                                                                  \
	({                                                                                         \
		typeof((object)->field) value_;                                                    \
		if (SONDE_HAS_TASK_BTF)                                                            \
			value_ = (object)->field;                                                  \
		else                                                                               \
			bpf_core_read(&value_, sizeof(value_), &(object)->field);                  \
		value_;                                                                            \
	})

/* The cgroup that names the task: in the unified hierarchy, or on v1 and hybrid hosts (where most
 * tasks sit in the v2 root) in the memory controller's. */
static __always_inline struct cgroup *sonde_task_cgroup(struct task_struct *task)
{
	struct css_set *set = SONDE_READ(task, cgroups);
	struct cgroup_subsys_state *css = 0;
	int memory;

	if (cgroup_mode == SONDE_CGROUP_V2)
		return BPF_CORE_READ(set, dfl_cgrp);
	memory = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	bpf_core_read(&css, sizeof(css), &set->subsys[memory & 15]);
	return BPF_CORE_READ(css, cgroup);
}

static __always_inline __u64 sonde_cgroup_id(struct task_struct *task)
{
	struct cgroup *cgroup = sonde_task_cgroup(task);

	return BPF_CORE_READ(cgroup, kn, id);
}

/* start_boottime of the group leader: with the tgid the identity of a process. */
static __always_inline __u64 sonde_process_start(struct task_struct *task)
{
	struct task_struct *leader = SONDE_READ(task, group_leader);

	return SONDE_READ(leader, start_boottime);
}

#endif
