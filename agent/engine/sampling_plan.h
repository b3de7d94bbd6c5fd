// SPDX-License-Identifier: Apache-2.0
// Which ticks of a session are kept. What is left out is thinned evenly, and what is kept carries
// its weight: sums of CPU time stay what they are. Plain data.
#pragma once

#include <cstdint>
#include <vector>

#include "core/model/process_selector.h"

namespace sonde {

// Processes that are sampled in another way.
struct TargetRule {
  ProcessSelector processes;
  std::uint64_t divisor =
      1;  // of the clocks' ticks, whatever that of all is; SONDE_DIVISOR_NEVER: no tick is kept

  bool operator==(const TargetRule&) const = default;
};

struct SamplingPlan {
  std::uint32_t clock = 1;    // the clocks run at so many times the session's rate
  std::uint64_t divisor = 1;  // one tick of so many x `clock` is kept, at so many times its weight
  std::vector<TargetRule> rules = {};  // the first one that is about a process decides

  bool operator==(const SamplingPlan&) const = default;
};

}  // namespace sonde
