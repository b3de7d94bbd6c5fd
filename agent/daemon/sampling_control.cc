// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/sampling_control.h"

#include <algorithm>
#include <utility>

#include "agent/daemon/own_usage.h"
#include "bpf/abi/rows.h"
#include "core/base/clock.h"
#include "core/base/log.h"

namespace sonde {
namespace {

constexpr std::uint64_t kReadingsOfAnAverage = 60;

}  // namespace

SamplingControl::SamplingControl(const SymbolizerClient& symbolizer,
                                 std::function<void()> drop_caches,
                                 std::chrono::nanoseconds average)
    : symbolizer_(symbolizer),
      drop_caches_(std::move(drop_caches)),
      between_ns_(static_cast<std::uint64_t>(average.count()) / kReadingsOfAnAverage),
      governor_(static_cast<std::uint64_t>(average.count())) {}

void SamplingControl::configure(const Config& config) {
  const std::lock_guard lock(mutex_);
  opt_out_ = config.opt_out;
  changed_ = true;
  if (config.budgets == governor_.budgets() && config.rate_hz == rate_hz_) return;
  rate_hz_ = config.rate_hz;
  governor_.set(config.budgets, rate_hz_);
}

void SamplingControl::session_started(Session& session) {
  bpf_ns_before_ += std::exchange(bpf_ns_, 0);
  plan_ = {};
  {
    const std::lock_guard lock(mutex_);
    changed_ = true;
  }
  apply(session);
}

void SamplingControl::look(Session& session, const SessionProgress& progress) {
  const std::uint64_t now = monotonic_ns();
  if (now >= read_ns_ + between_ns_) {
    read_ns_ = now;
    govern(now, progress);
  }
  expire_boosts(now);
  apply(session);
}

void SamplingControl::govern(std::uint64_t now_ns, const SessionProgress& progress) {
  bpf_ns_ = progress.bpf_ns;
  const OwnUsage usage = read_own_usage(symbolizer_);
  GovernorDecision decision;
  {
    const std::lock_guard lock(mutex_);
    decision = governor_.take(
        {.now_ns = now_ns,
         .cpu_seconds = usage.cpu_seconds + static_cast<double>(bpf_ns_before_ + bpf_ns_) / 1e9,
         .memory_bytes = usage.memory_bytes});
    changed_ = changed_ || decision.step != GovernorStep::kNone;
    peak_cpu_percent_ = std::max(peak_cpu_percent_, governor_.cpu_percent());
    peak_memory_bytes_ = std::max(peak_memory_bytes_, static_cast<double>(usage.memory_bytes));
  }
  if (decision.step == GovernorStep::kNone) return;
  if (decision.step == GovernorStep::kRaiseRate) {
    log_info(decision.why);
  } else {
    log_warn(decision.why);
  }
  if (decision.step == GovernorStep::kDropCaches) drop_caches_();
}

// --- boosts -------------------------------------------------------------------------------------

Result<BoostFacts> SamplingControl::boost(const ProcessSelector& processes,
                                          std::chrono::seconds time) {
  const std::lock_guard lock(mutex_);
  const auto nanoseconds = static_cast<std::uint64_t>(std::chrono::nanoseconds(time).count());
  const auto boost = boosts_.add(processes, monotonic_ns() + nanoseconds);
  if (!boost) return boost.error();
  changed_ = true;
  log_info("boost " + std::to_string(boost->id) + " of " + processes.text + " for " +
           std::to_string(time.count()) + " s");
  return facts_of(*boost);
}

bool SamplingControl::end_boost(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  if (!boosts_.end(id)) return false;
  changed_ = true;
  log_info("boost " + std::to_string(id) + " was ended");
  return true;
}

void SamplingControl::expire_boosts(std::uint64_t now_ns) {
  const std::lock_guard lock(mutex_);
  const std::size_t before = boosts_.active().size();
  boosts_.expire(now_ns);
  changed_ = changed_ || boosts_.active().size() != before;
}

std::uint32_t SamplingControl::boosted_clock() const {
  return std::clamp<std::uint32_t>(kMaxClockHz / std::max(rate_hz_, 1U), 1, kClock);
}

BoostFacts SamplingControl::facts_of(const Boost& boost) const {
  const std::uint64_t now = monotonic_ns();
  return {.id = boost.id,
          .match = boost.processes.text,
          .until_ns = wall_ns() + boost.until_ns - std::min(now, boost.until_ns),
          .rate_hz = rate_hz_ * boosted_clock()};
}

// --- what is in force ---------------------------------------------------------------------------

void SamplingControl::apply(Session& session) {
  SamplingPlan wanted;
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(changed_, false)) return;
    wanted.divisor = governor_.divisor();
    for (const ProcessSelector& one : opt_out_) wanted.rules.push_back({one, SONDE_DIVISOR_NEVER});
    if (!boosts_.active().empty()) wanted.clock = boosted_clock();
    for (const Boost& one : boosts_.active()) wanted.rules.push_back({one.processes, 1});
  }
  if (wanted == plan_) return;
  session.follow(wanted);
  plan_ = std::move(wanted);
}

void SamplingControl::add_facts(AgentFacts& into) const {
  const std::lock_guard lock(mutex_);
  const double rate = into.rate_hz;
  into.divisor = governor_.divisor();
  for (const Boost& one : boosts_.active()) into.boosts.push_back(facts_of(one));
  into.budgets.push_back({.name = "cpu",
                          .unit = "percent",
                          .now = governor_.cpu_percent(),
                          .limit = governor_.budgets().cpu_percent,
                          .peak = peak_cpu_percent_});
  into.budgets.push_back({.name = "rss",
                          .unit = "bytes",
                          .now = governor_.memory_bytes(),
                          .limit = static_cast<double>(governor_.budgets().memory_bytes),
                          .peak = peak_memory_bytes_});
  into.budgets.push_back({.name = "rate",
                          .unit = "hertz",
                          .now = rate / static_cast<double>(governor_.divisor()),
                          .limit = rate,
                          .peak = rate,
                          .words = governor_.why()});
}

void SamplingControl::add_metrics(MetricBatch& into) const {
  const std::lock_guard lock(mutex_);
  MetricFamily& budgets =
      into.family(MetricKind::kGauge, "sonde_budget", "",
                  "What sonde may take: percent of one core, bytes; 0: no limit.");
  budgets.add({{"name", "cpu"}}, governor_.budgets().cpu_percent);
  budgets.add({{"name", "memory"}}, static_cast<double>(governor_.budgets().memory_bytes));
  MetricFamily& usage = into.family(MetricKind::kGauge, "sonde_budget_usage", "",
                                    "What sonde takes of it, as an average of the last minute.");
  usage.add({{"name", "cpu"}}, governor_.cpu_percent());
  usage.add({{"name", "memory"}}, governor_.memory_bytes());
  into.family(MetricKind::kGauge, "sonde_sampling_divisor", "",
              "One clock tick of so many is kept, at so many times its weight.")
      .add(static_cast<double>(governor_.divisor()));
  into.family(MetricKind::kGauge, "sonde_boosts_active", "",
              "Choices of processes that are sampled more often for a while.")
      .add(static_cast<double>(boosts_.active().size()));
  into.family(MetricKind::kCounter, "sonde_boosts", "", "Such choices that were asked for.")
      .add(static_cast<double>(boosts_.begun()));
  MetricFamily& steps = into.family(MetricKind::kCounter, "sonde_governor_steps", "",
                                    "What was done to stay within the budgets.");
  steps.add({{"step", "caches_dropped"}}, static_cast<double>(governor_.counts().caches_dropped));
  steps.add({{"step", "rate_lowered"}}, static_cast<double>(governor_.counts().rate_lowered));
  steps.add({{"step", "rate_raised"}}, static_cast<double>(governor_.counts().rate_raised));
}

}  // namespace sonde
