// SPDX-License-Identifier: Apache-2.0
// Says which ticks the session keeps: the governor's word, from what the agent takes of the host,
// who is opted out, and who is sampled more often for a while. Told by the thread that samples,
// read by those that answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/daemon/boosts.h"
#include "agent/daemon/governor.h"
#include "agent/engine/session.h"
#include "agent/web/agent_facts.h"
#include "core/model/metric.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

class SamplingControl {
 public:
  static constexpr std::uint32_t kClock = 5;  // times the rate, of clocks while there is a boost
  static constexpr std::uint32_t kMaxClockHz = 1000;

  // symbolizer   outlives this.
  // drop_caches  returns at once.
  // average      of the governor.
  SamplingControl(const SymbolizerClient& symbolizer, std::function<void()> drop_caches,
                  std::chrono::nanoseconds average);

  // The rest by one thread, the session's.
  // Another configuration: its budgets are judged anew if they or the rate changed.
  void configure(const Config& config);
  // A session has started: its counts begin at nothing, and every tick is kept.
  void session_started(Session& session);
  // At each look of the session. Cost: 20 us, once a second.
  void look(Session& session, const SessionProgress& progress);

  // Thread-safe. In force with the next look, for a session of its configured rate x kClock at
  // most. errors  kResourceExhausted
  Result<BoostFacts> boost(const ProcessSelector& processes, std::chrono::seconds time);
  bool end_boost(std::uint64_t id);

  // Thread-safe: budgets, and what is in force.
  void add_facts(AgentFacts& into) const;
  void add_metrics(MetricBatch& into) const;

 private:
  void govern(std::uint64_t now_ns, const SessionProgress& progress);
  void expire_boosts(std::uint64_t now_ns);
  [[nodiscard]] std::uint32_t boosted_clock() const;
  [[nodiscard]] BoostFacts facts_of(const Boost& boost) const;
  void apply(Session& session);

  const SymbolizerClient& symbolizer_;
  const std::function<void()> drop_caches_;
  const std::uint64_t between_ns_;  // readings
  std::uint64_t read_ns_ = 0;
  std::uint64_t bpf_ns_before_ = 0;  // of sessions that ended
  std::uint64_t bpf_ns_ = 0;         // of this one
  SamplingPlan plan_;                // in force
  mutable std::mutex mutex_;         // guards what follows
  std::uint32_t rate_hz_ = 0;
  bool changed_ = true;  // the plan may not be in force
  Boosts boosts_;        // by monotonic time
  Governor governor_;
  std::vector<ProcessSelector> opt_out_;
  double peak_cpu_percent_ = 0;
  double peak_memory_bytes_ = 0;
};

}  // namespace sonde
