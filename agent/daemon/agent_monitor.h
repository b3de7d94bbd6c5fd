// SPDX-License-Identifier: Apache-2.0
// How the running agent is: told by the thread that samples, read by those that answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/engine/session.h"
#include "agent/web/agent_facts.h"
#include "agent/web/health.h"
#include "core/model/books.h"
#include "core/model/metric.h"
#include "core/model/profile.h"

namespace sonde {

// Thread-safe.
class AgentMonitor {
 public:
  AgentMonitor();

  // A session runs from now on: what it lacks, and its rate.
  void session_started(const SessionCapabilities& capabilities, std::uint32_t rate_hz,
                       std::uint64_t window_ns);
  void progressed(const SessionProgress& progress);
  // A window ended. Cost is taken from it: the agent's own, of its span.
  void window_ended(const ProfileMeta& window, const ProfileMeta& total);

  [[nodiscard]] Readiness readiness() const;
  [[nodiscard]] AgentFacts facts() const;
  // The books, the losses of sampling, and what sampling costs.
  void add_metrics(MetricBatch& into) const;

 private:
  const std::uint64_t began_ns_;  // monotonic
  mutable std::mutex mutex_;      // guards what follows
  AgentFacts facts_;
  std::uint64_t ticks_ = 0;
  std::uint64_t last_tick_ns_ = 0;    // monotonic; 0: none yet
  std::uint64_t samples_before_ = 0;  // of the open window: when it began
  std::uint64_t samples_ = 0;
  MetaSum books_;  // of all sessions so far: a new one begins at nothing
  std::uint64_t kernel_map_bytes_ = 0;
};

}  // namespace sonde
