// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/agent_monitor.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "agent/pipeline/loss.h"
#include "core/base/clock.h"
#include "core/base/version.h"

namespace sonde {
namespace {

// `words (fix: what helps)` as the session says it.
DegradedPart degraded_part(const std::string& limit) {
  const std::size_t fix = limit.rfind("(fix: ");
  if (fix == std::string::npos || !limit.ends_with(')')) {
    return {.what = "stacks", .error = limit, .fix = {}};
  }
  return {.what = "stacks",
          .error = limit.substr(0, limit.find_last_not_of(' ', fix - 1) + 1),
          .fix = limit.substr(fix + 6, limit.size() - fix - 7)};
}

bool is_lost_by_user(const std::string& reason) {
  return std::ranges::find(kUserLossNames, reason) != kUserLossNames.end();
}

}  // namespace

AgentMonitor::AgentMonitor() : began_ns_(monotonic_ns()) {
  utsname name{};
  ::uname(&name);
  facts_.host = &name.nodename[0];
  facts_.kernel = &name.release[0];
  facts_.version = SONDE_VERSION;
  facts_.build = "g++ " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__);
  facts_.started_ns = wall_ns();
  facts_.pid = static_cast<std::uint64_t>(::getpid());
  facts_.cpu_count = static_cast<std::uint32_t>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
}

void AgentMonitor::session_started(const SessionCapabilities& capabilities, std::uint32_t rate_hz,
                                   std::uint64_t window_ns) {
  const std::lock_guard lock(mutex_);
  facts_.rate_hz = rate_hz;
  facts_.window_ns = window_ns;
  facts_.degraded.clear();
  for (const std::string& limit : capabilities.limits) {
    facts_.degraded.push_back(degraded_part(limit));
  }
  ticks_ = samples_ = samples_before_ = 0;
  facts_.open_begin_ns = wall_ns();
}

void AgentMonitor::progressed(const SessionProgress& progress) {
  const std::lock_guard lock(mutex_);
  if (progress.ticks != ticks_) last_tick_ns_ = monotonic_ns();
  ticks_ = progress.ticks;
  samples_ = progress.samples;
}

void AgentMonitor::window_ended(const ProfileMeta& window, const ProfileMeta& total) {
  const std::lock_guard lock(mutex_);
  books_.add(window);
  facts_.open_begin_ns = window.begin_ns + window.duration_ns;
  if (window.cpu_count != 0) facts_.cpu_count = window.cpu_count;
  samples_before_ = samples_;
  kernel_map_bytes_ = total.cost.kernel_map_bytes;
}

Readiness AgentMonitor::readiness() const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t now = monotonic_ns();
  std::optional<std::chrono::nanoseconds> last;
  if (last_tick_ns_ != 0) last = std::chrono::nanoseconds(now - last_tick_ns_);
  return readiness_of_ticks(last, std::chrono::nanoseconds(now - began_ns_));
}

AgentFacts AgentMonitor::facts() const {
  const Readiness ready = readiness();
  const std::lock_guard lock(mutex_);
  AgentFacts facts = facts_;
  facts.ready = ready.ready;
  facts.ready_why = ready.why;
  facts.open_samples = samples_ - std::min(samples_, samples_before_);
  facts.budgets = {{.name = "kernel_maps",
                    .unit = "bytes",
                    .now = static_cast<double>(kernel_map_bytes_),
                    .limit = 64.0 * 1024 * 1024,
                    .peak = static_cast<double>(kernel_map_bytes_)}};
  return facts;
}

void AgentMonitor::add_metrics(MetricBatch& into) const {
  const std::lock_guard lock(mutex_);
  MetricFamily& ticks = into.family(MetricKind::kCounter, "sonde_ticks", "",
                                    "Clock ticks of closed windows, by what became of them.");
  const TickLedger& ticks_of_all = books_.meta().ticks;
  const std::array<std::pair<const char*, std::uint64_t>, 5> kinds = {
      {{"missed", ticks_of_all.missed},
       {"idle", ticks_of_all.idle},
       {"filtered", ticks_of_all.filtered},
       {"thinned", ticks_of_all.thinned},
       {"emitted", ticks_of_all.emitted}}};
  for (const auto& [state, count] : kinds) {
    ticks.add({{"state", state}}, static_cast<double>(count));
  }
  MetricFamily& lost = into.family(MetricKind::kCounter, "sonde_lost", "",
                                   "What was lost, by the stage that lost it and the reason.");
  for (const auto& [reason, count] : books_.meta().lost) {
    lost.add({{"stage", is_lost_by_user(reason) ? "agent" : "kernel"}, {"reason", reason}},
             static_cast<double>(count));
  }
  into.family(MetricKind::kCounter, "sonde_cpu_seconds", "seconds",
              "CPU time of sonde and its processes, without its BPF programs.")
      .add(books_.meta().cost.cpu_seconds);
  into.family(MetricKind::kCounter, "sonde_bpf_program_run_time_seconds", "seconds",
              "Time that BPF programs ran for on emitted samples.")
      .add({{"name", "cpu"}}, books_.meta().cost.bpf_seconds);
  into.family(MetricKind::kGauge, "sonde_bpf_map_bytes", "bytes", "Kernel memory of all BPF maps.")
      .add(static_cast<double>(kernel_map_bytes_));
  into.family(MetricKind::kGauge, "sonde_sampling_rate_hertz", "hertz",
              "Ticks a second of each CPU's clock.")
      .add(static_cast<double>(facts_.rate_hz));
  MetricFamily& degraded = into.family(MetricKind::kGauge, "sonde_degraded", "",
                                       "1 for each capability that is missing, with the reason.");
  for (const DegradedPart& part : facts_.degraded) {
    degraded.add({{"feature", part.what}, {"reason", part.error}}, 1);
  }
}

}  // namespace sonde
