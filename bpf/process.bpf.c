// SPDX-License-Identifier: GPL-2.0-only
// Process events: exec, fork, exit and rename of processes, in a ring of their own. An exec wakes
// the agent at once, since a new program's first ticks wait for its ranges; the rest is polled.
#include "targets.bpf.h"
#include "task.bpf.h"

#include <bpf/bpf_tracing.h>

#include "bpf/abi/counters.h"
#include "bpf/abi/process.h"

const volatile __u32 track_targets = 0; /* keep `targets` up to date; set before load */

#define RING_BYTES (512 * 1024) /* 72 an event: a burst of 7,000 */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} process_events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SONDE_PROCESS_COUNTER_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} process_counters SEC(".maps");

static __always_inline void count(__u32 counter)
{
	__u64 *value = bpf_map_lookup_elem(&process_counters, &counter);

	if (value)
		*value += 1; /* a per-CPU slot, but a fork can nest in nothing here */
}

static __always_inline void send(struct sonde_process_event *event, struct task_struct *task,
				 const char *comm, __u32 kind, __u64 flags)
{
	struct task_struct *leader = SONDE_READ(task, group_leader);

	event->time_ns = bpf_ktime_get_ns();
	event->kind = kind;
	event->tgid = SONDE_READ(task, tgid);
	event->start_time_ns = SONDE_READ(leader, start_boottime);
	event->cgroup_id = sonde_cgroup_id(task);
	bpf_probe_read_kernel_str(event->comm, sizeof(event->comm), comm);
	if (bpf_ringbuf_query(&process_events, BPF_RB_AVAIL_DATA) > RING_BYTES / 4)
		flags = BPF_RB_FORCE_WAKEUP;
	if (bpf_ringbuf_output(&process_events, event, sizeof(*event), flags))
		count(SONDE_PROCESS_RING_FULL);
	else
		count(SONDE_PROCESS_EVENTS);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	struct sonde_process_event event = {};

	send(&event, task, task->comm, SONDE_EVENT_EXEC, BPF_RB_FORCE_WAKEUP);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct sonde_process_event event = {};
	__u32 child_tgid = child->tgid, parent_tgid = parent->tgid;
	__u64 yes = 1;

	if (child->pid != child->tgid)
		return 0; /* a new thread */
	if (track_targets && bpf_map_lookup_elem(&targets, &parent_tgid))
		bpf_map_update_elem(&targets, &child_tgid, &yes, BPF_ANY);
	event.parent_tgid = parent_tgid;
	event.parent_start_time_ns = sonde_process_start(parent);
	send(&event, child, child->comm, SONDE_EVENT_FORK, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct sonde_process_event event = {};
	__u32 tgid = task->tgid;

	if (task->signal->live.counter > 0)
		return 0; /* other threads go on */
	if (track_targets)
		bpf_map_delete_elem(&targets, &tgid);
	send(&event, task, task->group_leader->comm, SONDE_EVENT_EXIT, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/task_rename")
int BPF_PROG(on_rename, struct task_struct *task, const char *comm)
{
	struct sonde_process_event event = {};

	if (task->pid != task->tgid)
		return 0;
	/* Fires before the task has its new name (fs/exec.c, __set_task_comm). */
	send(&event, task, comm, SONDE_EVENT_COMM, BPF_RB_NO_WAKEUP);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
