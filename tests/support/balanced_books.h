// SPDX-License-Identifier: Apache-2.0
// The three equations of docs/losses.md, spelled out: not the ones that the code under test has.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>

#include "core/model/profile.h"

namespace sonde {

// stored  samples in the profile or window, of all processes.
inline void expect_balanced(const ProfileMeta& meta, std::uint64_t stored) {
  std::uint64_t kernel = 0, user = 0;
  for (const auto& [reason, count] : meta.lost) {
    if (reason == "ring_full") kernel += count;
    if (reason == "stack_limit" || reason == "damaged_record") user += count;
  }
  const TickLedger& ticks = meta.ticks;
  EXPECT_EQ(ticks.expected, ticks.missed + ticks.run);
  EXPECT_EQ(ticks.run, ticks.idle + ticks.filtered + ticks.thinned + ticks.emitted + kernel);
  EXPECT_EQ(ticks.emitted, stored + user);
  EXPECT_EQ(meta.notes.count("unaccounted"), 0U);
}

}  // namespace sonde
