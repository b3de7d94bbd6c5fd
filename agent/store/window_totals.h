// SPDX-License-Identifier: Apache-2.0
// Sums over a closed window by target: what the index keeps of it, so that time strips, label lists
// and group totals need no window to be read. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "core/model/closed_window.h"

namespace sonde {

struct Totals {
  std::uint64_t samples = 0;
  std::uint64_t cpu_ns = 0;     // weighted
  std::uint64_t kernel_ns = 0;  // of it, with a kernel function as leaf
  std::uint64_t whole = 0;      // samples whose stack misses nothing
  std::uint64_t early = 0;      // samples taken before their code was known

  Totals& operator+=(const Totals& other);
  bool operator==(const Totals&) const = default;
};

struct TargetTotals {
  Labels labels;
  Totals totals;
};

struct WindowTotals {
  std::uint64_t begin_ns = 0;  // Unix time
  std::uint64_t end_ns = 0;
  std::uint64_t lost = 0;  // samples and ticks, for whatever reason
  std::vector<TargetTotals> targets;
};

// Targets without a sample are left out.
WindowTotals totals_of(const ClosedWindow& window);

}  // namespace sonde
