// SPDX-License-Identifier: Apache-2.0
// Prints what bpf_get_stack costs for one process: `get_stack_bench PID SECONDS HZ`, one JSON
// object on stdout: samples, ns_per_sample, frames_per_sample.
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "get_stack.skel.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: get_stack_bench PID SECONDS HZ\n");
    return 2;
  }
  get_stack_bpf* skeleton = get_stack_bpf__open();
  if (skeleton == nullptr) return 1;
  skeleton->rodata->wanted_tgid = static_cast<unsigned>(std::atoi(argv[1]));
  if (get_stack_bpf__load(skeleton) != 0) return 1;
  perf_event_attr attr{};
  attr.size = sizeof(attr);
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_CPU_CLOCK;
  attr.sample_period = 1'000'000'000ULL / static_cast<unsigned>(std::atoi(argv[3]));
  const int cpus = ::libbpf_num_possible_cpus();
  for (int cpu = 0; cpu < cpus; ++cpu) {
    const long fd = ::syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0) continue;  // offline
    const int program = ::bpf_program__fd(skeleton->progs.get_stack);
    if (::ioctl(static_cast<int>(fd), PERF_EVENT_IOC_SET_BPF, program) != 0) return 1;
  }
  ::sleep(static_cast<unsigned>(std::atoi(argv[2])));
  const auto samples = skeleton->bss->samples;
  const double count = samples == 0 ? 1.0 : static_cast<double>(samples);
  std::printf("{\"samples\": %llu, \"ns_per_sample\": %.0f, \"frames_per_sample\": %.1f}\n",
              samples, static_cast<double>(skeleton->bss->total_ns) / count,
              static_cast<double>(skeleton->bss->frames) / count);
  get_stack_bpf__destroy(skeleton);
  return 0;
}
