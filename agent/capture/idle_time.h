// SPDX-License-Identifier: Apache-2.0
// Idle time of each CPU, from /proc/stat (proc(5)): what tells a tick that was lost from one that
// never came because its CPU slept. Some hypervisors stop the timers of a sleeping CPU.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "core/base/result.h"

namespace sonde {

// CPU number -> idle + iowait since boot, ns, in steps of 10 ms.
using IdleTimes = std::map<std::uint32_t, std::uint64_t>;

Result<IdleTimes> read_idle_times();

// Lines that are not of a CPU, or do not parse, are left out.
IdleTimes parse_idle_times(std::string_view stat);

// How many of a CPU's ticks never came because it slept: at most what is missing, and at most
// what its idle time explains beyond the idle ticks that did come.
std::uint64_t ticks_slept(std::uint64_t missing, std::uint64_t idle_ns, std::uint64_t idle_ticks,
                          std::uint64_t period_ns);

}  // namespace sonde
