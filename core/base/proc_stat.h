// SPDX-License-Identifier: Apache-2.0
// The text of /proc/PID/stat. Stateless, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace sonde {

// In the kernel's units; fields are numbered as in proc(5).
struct ProcStat {
  std::string comm;                  // at most 15 bytes, 64 of a kernel worker; any but zero
  std::uint32_t parent = 0;          // field 4
  bool kernel_thread = false;        // of field 9
  std::uint64_t user_ticks = 0;      // field 14, of sysconf(_SC_CLK_TCK)
  std::uint64_t system_ticks = 0;    // field 15
  std::uint64_t start_ticks = 0;     // field 22, since the boot
  std::uint64_t virtual_bytes = 0;   // field 23
  std::uint64_t resident_pages = 0;  // field 24
};

// errors  kDataLoss  it does not parse: one of these is missing or no number.
// source  proc(5); fs/proc/array.c, do_task_stat().
Result<ProcStat> parse_proc_stat(std::string_view text);

}  // namespace sonde
