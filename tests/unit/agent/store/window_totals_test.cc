// SPDX-License-Identifier: Apache-2.0
#include "agent/store/window_totals.h"

#include <gtest/gtest.h>

#include "bpf/abi/stop.h"
#include "tests/support/closed_window_sample.h"

namespace sonde {
namespace {

TEST(WindowTotalsTest, AreSumsByTarget) {
  const WindowTotals totals = totals_of(closed_window_sample());
  EXPECT_EQ(totals.begin_ns, 1'700'000'000'000'000'000U);
  EXPECT_EQ(totals.end_ns, 1'700'000'010'000'000'000U);
  EXPECT_EQ(totals.lost, 21U);
  ASSERT_EQ(totals.targets.size(), 2U);
  EXPECT_EQ(totals.targets[0].labels.at("process"), "program");
  EXPECT_EQ(totals.targets[0].totals, (Totals{.samples = 83,
                                              .cpu_ns = 4'368'421'057,
                                              .kernel_ns = 4'210'526'320,
                                              .whole = 3,
                                              .early = 80}));
  EXPECT_TRUE(totals.targets[1].labels.empty());
  EXPECT_EQ(totals.targets[1].totals, (Totals{.samples = 1, .cpu_ns = 52'631'579, .whole = 1}));
}

TEST(WindowTotalsTest, TargetsWithoutASampleAreLeftOut) {
  ClosedWindow window = closed_window_sample();
  window.window.stacks.pop_back();
  EXPECT_EQ(totals_of(window).targets.size(), 1U);
}

}  // namespace
}  // namespace sonde
