// SPDX-License-Identifier: Apache-2.0
// CPU time as the kernel's own accounting has it, for a window: what its samples are held against.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sonde {

struct CgroupCharge {
  std::string cgroup;    // path, as the label `cgroup` has it
  std::uint64_t ns = 0;  // with everything below it
};

// Every figure is the difference of two readings, made at the begin and at the end of the window.
struct CpuCharges {
  std::uint64_t host_ns = 0;  // neither idle, nor waiting for a disk, nor taken by the hypervisor
  std::string source;         // file that the cgroups' figures are from: cpu.stat, cpuacct.usage
  // By path, each once, never the root: that is the host. Not all that exist: those that had
  // samples in the last minutes, and were there at both readings.
  std::vector<CgroupCharge> cgroups;
};

}  // namespace sonde
