// SPDX-License-Identifier: Apache-2.0
// Keeps what sonde itself takes within its budgets: caches first where memory is over, then the
// rate, by halves, and back again when there is room. A decision follows from averages of a minute
// and is given a minute to show; the first minute, in which every program of the host is read, is
// not judged. Pure: readings in, decisions out.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "agent/config/config.h"

namespace sonde {

// What sonde has taken, all its processes and BPF programs together.
struct UsageReading {
  std::uint64_t now_ns = 0;  // monotonic
  double cpu_seconds = 0;    // since some moment, only grows
  std::uint64_t memory_bytes = 0;
};

enum class GovernorStep : std::uint8_t { kNone, kDropCaches, kLowerRate, kRaiseRate };

struct GovernorDecision {
  GovernorStep step = GovernorStep::kNone;
  std::string why;  // of a step: one sentence
};

struct GovernorCounts {
  std::uint64_t caches_dropped = 0;
  std::uint64_t rate_lowered = 0;
  std::uint64_t rate_raised = 0;
};

// Thread-confined.
class Governor {
 public:
  static constexpr std::uint64_t kAverageNs = 60'000'000'000;

  // average_ns  what is averaged over, and all other times in proportion.
  explicit Governor(std::uint64_t average_ns = kAverageNs) : average_ns_(average_ns) {}

  // Everything is judged anew, from the full rate on. Without it there are no budgets.
  //
  // rate_hz  of the clocks: it is never lowered below one tick a second.
  void set(const Budgets& budgets, std::uint32_t rate_hz);

  // One reading, about each second. At most one step a minute.
  GovernorDecision take(const UsageReading& reading);

  [[nodiscard]] const Budgets& budgets() const { return budgets_; }
  [[nodiscard]] std::uint64_t divisor() const { return divisor_; }  // a power of two
  // Averages of the last minute, or of as much as there was.
  [[nodiscard]] double cpu_percent() const;
  [[nodiscard]] double memory_bytes() const;
  // Why the rate is lowered; empty while it is not.
  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] const GovernorCounts& counts() const { return counts_; }

 private:
  [[nodiscard]] bool is_over(double amount, double budget) const {
    return budget > 0 && amount > budget;
  }
  GovernorDecision shed(std::uint64_t now_ns);
  GovernorDecision lower(std::uint64_t now_ns);
  GovernorDecision raise(std::uint64_t now_ns);
  [[nodiscard]] bool has_room() const;
  [[nodiscard]] std::string usage_text() const;

  // Room (a fifth of each budget) must have been there for so long before the rate rises; for twice
  // as long after each rise that did not last for ten averages.
  [[nodiscard]] std::uint64_t least_calm_ns() const { return 2 * average_ns_; }
  [[nodiscard]] std::uint64_t most_calm_ns() const { return 60 * average_ns_; }

  const std::uint64_t average_ns_;
  Budgets budgets_;
  std::uint64_t max_divisor_ = 1;
  std::uint64_t divisor_ = 1;
  std::deque<UsageReading> readings_;  // of the last average_ns_
  std::uint64_t judged_from_ns_ = 0;   // the average holds nothing from before; 0: no reading yet
  std::uint64_t calm_since_ns_ = 0;    // 0: there is no room
  std::uint64_t calm_ns_ = 0;          // that is asked for
  std::uint64_t raised_ns_ = 0;
  bool dropped_ = false;  // caches, since memory went over
  std::string why_;
  GovernorCounts counts_;
};

}  // namespace sonde
