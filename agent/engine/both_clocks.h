// SPDX-License-Identifier: Apache-2.0
// CLOCK_MONOTONIC and the wall clock, read together.
#pragma once

#include <algorithm>
#include <cstdint>

#include "agent/pipeline/window_clock.h"
#include "core/base/clock.h"

namespace sonde {

// Both clocks at one moment: a reading during which this thread had to wait is made again.
inline ClockReading read_clocks() {
  constexpr std::uint64_t kTogetherNs = 100'000;
  constexpr int kTries = 10;
  ClockReading best;
  std::uint64_t best_ns = ~std::uint64_t{0};
  for (int i = 0; i < kTries && best_ns > kTogetherNs; ++i) {
    const std::uint64_t before = monotonic_ns();
    const std::uint64_t wall = wall_ns();
    const std::uint64_t took = monotonic_ns() - before;
    if (took < best_ns) best = {.mono_ns = before + took / 2, .wall_ns = wall};
    best_ns = std::min(best_ns, took);
  }
  return best;
}

}  // namespace sonde
