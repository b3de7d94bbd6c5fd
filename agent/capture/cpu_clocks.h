// SPDX-License-Identifier: Apache-2.0
// Stage 1's clocks: one cpu-clock event per CPU. A CPU that goes off takes its event with it for
// good, so CPUs are watched: who comes (back) gets a clock, and what was not seen is counted.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bpf/abi/counters.h"
#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

// What follow() found; a CPU whose clock had died and was opened anew is in both.
struct CpuChanges {
  std::vector<std::uint32_t> gone;
  std::vector<std::uint32_t> come;
};

struct ClockCounts {
  std::uint64_t expected = 0;   // ticks the clocks should have fired, without those of `slept`
  std::uint64_t slept = 0;      // ticks that never came because their CPU was idle (idle_time.h)
  std::uint64_t went = 0;       // clocks that ended with their CPU
  std::uint64_t came = 0;       // clocks opened after the start
  std::uint64_t gap_ticks = 0;  // of `expected`: at most so many while a CPU had no clock
};

// Thread-confined.
class CpuClocks {
 public:
  // program   of type perf_event; stays the caller's, as the per-CPU counters do.
  CpuClocks(int program, std::uint64_t period_ns, std::span<sonde_cpu> cpus)
      : program_(program), period_ns_(period_ns), cpus_(cpus) {}

  // Opens a disabled clock on each CPU that is online.
  Result<void> open();
  // One clock after the other, so that they never tick at once. Cost: a period, of at most 10 ms;
  // several where the CPUs are busy.
  Result<void> enable();
  Result<void> disable();
  // Ticks at another rate from now on; each clock begins a whole period anew, one after the other
  // as in enable(). Costs what that does.
  // errors  a clock that refuses keeps its period, the others have the new one.
  Result<void> set_period(std::uint64_t period_ns);
  // Looks which CPUs came and went since the last look. Cost: one read of sysfs, 10 us; call it
  // some ten times a second.
  CpuChanges follow();

  // Until when counts() knows which ticks never came because their CPU slept: until the last call,
  // or disable(). Cost: one read of /proc/stat, 20 us and 1 us for each CPU.
  void read_idle_time();
  [[nodiscard]] ClockCounts counts() const;
  // CPUs that had a clock at some time.
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(clocks_.size()); }
  void close() { clocks_.clear(); }

 private:
  struct Clock {
    std::uint32_t cpu = 0;
    UniqueFd fd{};                  // empty: the CPU is off
    std::uint64_t closed_ns = 0;    // counted by events that ended
    std::uint64_t gap_ns = 0;       // online without a clock, at most
    std::uint64_t blind_since = 0;  // last moment it was seen to be off, if it has no clock
    std::uint64_t idle_ns = 0;      // idle time while it had a clock, but for the last stretch
    std::uint64_t idle_begin = 0;   // of the last stretch; kUnknown
    // At earlier periods, and where the one in force began.
    ClockCounts settled{};
    std::uint64_t period_ns = 0;
    std::uint64_t count_begin = 0;
    std::uint64_t run_begin = 0;
    std::uint64_t idle_ticks_begin = 0;
    // For telling a dead clock from a silent one.
    std::uint64_t run_seen = 0;
    std::uint64_t alive_ns = 0;  // when it was last seen to tick or to count
    std::uint64_t count_seen = 0;
    bool asked = false;  // count_seen is of this silence
  };

  Clock& clock_of(std::uint32_t cpu, std::uint64_t blind_since);
  Result<UniqueFd> open_event(std::uint32_t cpu) const;
  bool start(Clock& clock, std::uint64_t now);
  void end(Clock& clock, std::uint64_t blind_since);
  bool is_dead(Clock& clock, std::uint64_t now) const;
  void add_idle(Clock& clock, std::uint64_t now_idle);
  void settle(Clock& clock, std::uint64_t now_idle);
  [[nodiscard]] ClockCounts counts_of_period(const Clock& clock) const;
  // Calls begin(clock) for each, so that they never tick at once.
  template <typename Start>
  Result<void> start_apart(const Start& begin);
  static Result<void> control(const Clock& clock, unsigned long request);

  const int program_;
  std::uint64_t period_ns_;
  const std::span<sonde_cpu> cpus_;
  std::vector<Clock> clocks_;
  bool enabled_ = false;
  std::uint64_t followed_ns_ = 0;
  std::uint64_t went_ = 0;
  std::uint64_t came_ = 0;
};

}  // namespace sonde
