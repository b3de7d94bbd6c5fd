// SPDX-License-Identifier: GPL-2.0-only
// The yardstick of the benchmarks: what the kernel's own frame-pointer walker costs for the user
// stack of one process. Never part of sonde: its stacks end at the first frame without rbp.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define MAX_FRAMES 127

const volatile __u32 wanted_tgid = 0;

__u64 samples = 0;
__u64 total_ns = 0;
__u64 frames = 0;

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64[MAX_FRAMES]);
} stacks SEC(".maps");

SEC("perf_event")
int get_stack(void* ctx) {
  __u64 begin = bpf_ktime_get_ns();
  __u32 zero = 0;
  __u64* stack;
  long bytes;

  if (bpf_get_current_pid_tgid() >> 32 != wanted_tgid) return 0;
  stack = bpf_map_lookup_elem(&stacks, &zero);
  if (!stack) return 0;
  bytes = bpf_get_stack(ctx, stack, MAX_FRAMES * sizeof(__u64), BPF_F_USER_STACK);
  if (bytes < 0) return 0;
  __sync_fetch_and_add(&samples, 1);
  __sync_fetch_and_add(&frames, bytes / 8);
  __sync_fetch_and_add(&total_ns, bpf_ktime_get_ns() - begin);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
