// SPDX-License-Identifier: Apache-2.0
// What this process itself takes of the host, under the names that every Prometheus client uses.
// Stateless, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/model/metric.h"

namespace sonde {

// What /proc/PID/stat says, in its units.
struct ProcessStat {
  std::uint64_t user_ticks = 0;  // of sysconf(_SC_CLK_TCK)
  std::uint64_t system_ticks = 0;
  std::uint64_t start_ticks = 0;  // since the boot
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};

// The text of /proc/PID/stat; the name in it may hold anything, brackets too. None if it is not
// that.
std::optional<ProcessStat> parse_process_stat(std::string_view text);

// Adds `process_cpu_seconds_total`, `process_start_time_seconds`, `process_resident_memory_bytes`,
// `process_virtual_memory_bytes`, `process_virtual_memory_max_bytes` (2^64 where it is not
// limited), `process_open_fds` and `process_max_fds` of the caller. What cannot be read is left
// out.
//
// cost    a small file and a directory of /proc.
// source  Prometheus, Writing client libraries, Process metrics.
void add_own_process_metrics(MetricBatch& into);

}  // namespace sonde
