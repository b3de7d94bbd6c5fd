// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/idle_time.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

constexpr std::uint64_t kPeriod = 10'000'000;

TEST(IdleTimeTest, IdleAndIowaitOfEachCpuAreAdded) {
  const auto times = parse_idle_times(
      "cpu  9 9 9 9 9\ncpu0 1 2 3 400 50 6 7\ncpu11 1 2 3 4 5\nintr 1 2\ncpu2 1 x\n");
  EXPECT_EQ(times, (IdleTimes{{0, 450 * 10'000'000ULL}, {11, 9 * 10'000'000ULL}}));
}

TEST(IdleTimeTest, MissingTicksOfASleepingCpuAreSleep) {
  EXPECT_EQ(ticks_slept(200, 200 * kPeriod, 0, kPeriod), 200U);
  EXPECT_EQ(ticks_slept(150, 200 * kPeriod, 50, kPeriod), 150U);
}

TEST(IdleTimeTest, MissingTicksOfABusyCpuStayLost) {
  EXPECT_EQ(ticks_slept(200, 0, 0, kPeriod), 0U);
  EXPECT_EQ(ticks_slept(200, 50 * kPeriod, 50, kPeriod), 1U);   // the accounting's resolution
  EXPECT_EQ(ticks_slept(200, 50 * kPeriod, 100, kPeriod), 0U);  // every idle tick came
}

TEST(IdleTimeTest, ThisHostHasIdleTimes) { EXPECT_FALSE(read_idle_times().value().empty()); }

}  // namespace
}  // namespace sonde
