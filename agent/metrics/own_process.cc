// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/own_process.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/file.h"
#include "core/base/proc_stat.h"

namespace sonde {
namespace {

constexpr std::size_t kStatBytes = std::size_t{4} * 1024;
constexpr std::size_t kSystemStatBytes = std::size_t{1024} * 1024;  // a line for each CPU

// Unix time of the boot in seconds, from /proc/stat.
std::optional<std::uint64_t> boot_time() {
  const auto text = read_file("/proc/stat", kSystemStatBytes);
  if (!text) return std::nullopt;
  const std::size_t at = text->find("\nbtime ");
  if (at == std::string::npos) return std::nullopt;
  std::uint64_t seconds = 0;
  const char* const end = text->data() + text->size();
  if (std::from_chars(text->data() + at + 7, end, seconds).ec != std::errc()) return std::nullopt;
  return seconds;
}

// Entries of /proc/self/fd but the one that this look itself takes.
std::optional<std::size_t> open_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), ::closedir);
  if (!folder) return std::nullopt;
  std::size_t count = 0;
  // The stream is this thread's own.
  while (const dirent* entry = ::readdir(folder.get())) {  // NOLINT(concurrency-mt-unsafe)
    if (entry->d_name[0] != '.') ++count;
  }
  return count == 0 ? 0 : count - 1;
}

double limit_of(decltype(RLIMIT_AS) what) {
  rlimit limit{};
  ::getrlimit(what, &limit);
  return static_cast<double>(limit.rlim_cur);
}

void add(MetricBatch& into, MetricKind kind, const char* name, const char* unit, const char* help,
         double value) {
  into.family(kind, name, unit, help).add(value);
}

}  // namespace

void add_own_process_metrics(MetricBatch& into) {
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const double page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  const auto text = read_file("/proc/self/stat", kStatBytes);
  if (const auto stat = text ? parse_proc_stat(*text) : text.error()) {
    add(into, MetricKind::kCounter, "process_cpu_seconds", "seconds",
        "CPU time of this process, user and system.",
        static_cast<double>(stat->user_ticks + stat->system_ticks) / ticks);
    static const std::optional<std::uint64_t> boot = boot_time();  // so that it never moves
    if (boot) {
      add(into, MetricKind::kGauge, "process_start_time_seconds", "seconds",
          "Unix time at which this process began.",
          static_cast<double>(*boot) + static_cast<double>(stat->start_ticks) / ticks);
    }
    add(into, MetricKind::kGauge, "process_resident_memory_bytes", "bytes",
        "Memory of this process that is in RAM.", static_cast<double>(stat->resident_pages) * page);
    add(into, MetricKind::kGauge, "process_virtual_memory_bytes", "bytes",
        "Address space that this process uses.", static_cast<double>(stat->virtual_bytes));
  }
  add(into, MetricKind::kGauge, "process_virtual_memory_max_bytes", "bytes",
      "Address space that this process may use.", limit_of(RLIMIT_AS));
  if (const auto open = open_descriptors()) {
    add(into, MetricKind::kGauge, "process_open_fds", "", "Descriptors that this process has open.",
        static_cast<double>(*open));
  }
  add(into, MetricKind::kGauge, "process_max_fds", "", "Descriptors that this process may open.",
      limit_of(RLIMIT_NOFILE));
}

}  // namespace sonde
