// SPDX-License-Identifier: Apache-2.0
// What the kernel says it charged so far, as text. Stateless, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/result.h"

namespace sonde {

// CPU time since the begin, ns.
// errors of all three  kDataLoss  no number stands where one has to be, or none that fits.
//
// Of a cgroup of v2 with everything below it: usage_usec of cpu.stat.
// source  Documentation/admin-guide/cgroup-v2.rst; kernel/cgroup/rstat.c
Result<std::uint64_t> parse_cpu_stat(std::string_view text);
// The same of v1: cpuacct.usage.
// source  Documentation/admin-guide/cgroup-v1/cpuacct.rst
Result<std::uint64_t> parse_cpuacct_usage(std::string_view text);
// Of the whole host, in steps of 10 ms: user (guests are in it), nice, system, interrupts. Stolen
// time is nobody's. /proc/stat.
// source  proc(5); fs/proc/stat.c, show_stat()
Result<std::uint64_t> parse_host_usage(std::string_view text);

// Where a process is in the hierarchy of a controller (`memory`), or in the unified one (``).
//
// text     of /proc/PID/cgroup; the path lies in it.
// returns  none if the process is in no such hierarchy, or the text makes no sense.
std::optional<std::string_view> cgroup_path_in(std::string_view text, std::string_view controller);

}  // namespace sonde
