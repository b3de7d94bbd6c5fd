// SPDX-License-Identifier: Apache-2.0
// What happened to processes and their executable mappings, in the order of CLOCK_MONOTONIC.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace sonde {

// A new executable mapping, from PERF_RECORD_MMAP2 (perf_event_open(2)).
struct MappingEvent {
  std::uint64_t time_ns = 0;
  std::uint32_t pid = 0;
  std::uint64_t begin = 0;
  std::uint64_t bytes = 0;
  std::uint64_t file_offset = 0;
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::uint64_t inode = 0;
  std::string path{};  // as the kernel names it: a path, "//anon", "[vdso]", "anon_inode:..."
};

// A process begins to become another program: its old mappings are gone, the new ones follow.
// From PERF_RECORD_COMM with PERF_RECORD_MISC_COMM_EXEC.
struct ExecEvent {
  std::uint64_t time_ns = 0;
  std::uint32_t pid = 0;
};

// The kernel got or lost a function: a BPF program, a page of the tracer's. From
// PERF_RECORD_KSYMBOL (since Linux 5.1).
struct KernelSymbolEvent {
  std::uint64_t time_ns = 0;
  std::uint64_t begin = 0;
  std::uint32_t bytes = 0;
  bool is_gone = false;
  std::string name{};
};

using SidebandEvent = std::variant<MappingEvent, ExecEvent, KernelSymbolEvent>;

}  // namespace sonde
