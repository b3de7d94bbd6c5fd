// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/own_usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <string>

#include "core/base/file.h"
#include "core/base/proc_stat.h"

namespace sonde {
namespace {

constexpr std::size_t kStatBytes = std::size_t{4} * 1024;

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::uint64_t resident_bytes(const std::string& process) {
  const auto text = read_file("/proc/" + process + "/stat", kStatBytes);
  if (!text) return 0;
  const auto stat = parse_proc_stat(*text);
  return stat ? stat->resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace

OwnUsage read_own_usage(const SymbolizerClient& symbolizer) {
  OwnUsage usage;
  rusage own{};
  ::getrusage(RUSAGE_SELF, &own);  // workers that ended are in the symbolizer's count
  usage.cpu_seconds = seconds(own.ru_utime) + seconds(own.ru_stime) +
                      static_cast<double>(symbolizer.counters().worker_cpu_ns) / 1e9;
  usage.memory_bytes = resident_bytes("self");
  for (const int worker : symbolizer.worker_pids()) {
    usage.memory_bytes += resident_bytes(std::to_string(worker));
  }
  return usage;
}

}  // namespace sonde
