// SPDX-License-Identifier: Apache-2.0
// Files of the kernel's CPU accounting: containers choose names of cgroups, and /proc may be
// another file system. Any text gives a number or an error, and paths that lie in it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/process/cpu_usage.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto of_v2 = sonde::parse_cpu_stat(text);
  if (of_v2 && *of_v2 % 1'000 != 0) std::abort();
  (void)sonde::parse_cpuacct_usage(text);
  const auto of_host = sonde::parse_host_usage(text);
  if (of_host && *of_host % 10'000'000 != 0) std::abort();
  for (const std::string_view controller : {"", "memory", "cpuacct"}) {
    const auto path = sonde::cgroup_path_in(text, controller);
    if (path && (!path->starts_with('/') || text.find(*path) == std::string_view::npos)) {
      std::abort();
    }
  }
  return 0;
}
