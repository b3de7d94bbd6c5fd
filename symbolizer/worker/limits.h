// SPDX-License-Identifier: Apache-2.0
// What the worker takes away from itself before it reads the first foreign byte.
#pragma once

#include <cstdint>

namespace sonde {

// For the whole life of the process: no core dump, few descriptors, bounded files, no new
// privileges, not dumpable, no terminal signals, dies with the process that started it. Closes
// every descriptor above 2 except `socket_fd`.
void limit_process(int socket_fd);

// For the next request: address space in all, and CPU seconds from now on.
void limit_request(std::uint64_t memory_bytes, std::uint32_t cpu_seconds);

struct WorkerUsage {
  std::uint64_t cpu_ns = 0;  // user + system
  std::uint64_t peak_rss_bytes = 0;
};
WorkerUsage own_usage();

}  // namespace sonde
