// SPDX-License-Identifier: Apache-2.0
#include "agent/pipeline/window_clock.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace sonde {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kTen = 10 * kSecond;
constexpr std::uint64_t kMidnight = 1'700'006'400 * kSecond;  // a multiple of 10 s

// Two clocks that tests move.
struct Clocks {
  ClockReading now{.mono_ns = 500 * kSecond, .wall_ns = kMidnight + 4 * kSecond};

  void pass(std::uint64_t ns) {
    now.mono_ns += ns;
    now.wall_ns += ns;
  }
  void step(std::int64_t ns) { now.wall_ns += static_cast<std::uint64_t>(ns); }
};

// Lets time pass in looks of 100 ms, everything drained up to each, and collects what closes.
std::vector<WindowSpan> run(WindowClock& clock, Clocks& clocks, std::uint64_t ns) {
  std::vector<WindowSpan> closed;
  for (; ns > 0; ns -= kSecond / 10) {
    clocks.pass(kSecond / 10);
    clock.observe(clocks.now);
    while (const auto span = clock.close(clocks.now.mono_ns)) closed.push_back(*span);
  }
  return closed;
}

void expect_contiguous(const std::vector<WindowSpan>& spans) {
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const WindowSpan& span = spans[i];
    ASSERT_GT(span.end_mono_ns, span.begin_mono_ns);
    ASSERT_GT(span.end_wall_ns, span.begin_wall_ns);
    ASSERT_LE(span.end_mono_ns - span.begin_mono_ns, kTen + WindowClock::kStepNs);
    ASSERT_LE(span.end_wall_ns - span.begin_wall_ns, kTen);
    ASSERT_EQ(span.begin_mono_ns, i == 0 ? span.begin_mono_ns : spans[i - 1].end_mono_ns);
  }
}

TEST(WindowClockTest, WindowsEndAtMultiplesOfTheirLength) {
  Clocks clocks;
  WindowClock clock(kTen, clocks.now);
  const auto closed = run(clock, clocks, 36 * kSecond);
  ASSERT_EQ(closed.size(), 4U);
  EXPECT_EQ(closed[0].begin_wall_ns, kMidnight + 4 * kSecond) << "the first one is what is left";
  EXPECT_EQ(closed[0].end_wall_ns, kMidnight + kTen);
  EXPECT_EQ(closed[0].end_mono_ns, 506 * kSecond);
  EXPECT_EQ(closed[3].begin_wall_ns, kMidnight + 3 * kTen);
  EXPECT_EQ(closed[3].end_wall_ns, kMidnight + 4 * kTen);
  expect_contiguous(closed);
}

TEST(WindowClockTest, AWindowClosesOnceItsEndIsDrained) {
  Clocks clocks;
  WindowClock clock(kTen, clocks.now);
  clocks.pass(7 * kSecond);
  clock.observe(clocks.now);
  EXPECT_FALSE(clock.close(506 * kSecond - 1));
  EXPECT_TRUE(clock.close(506 * kSecond));
  EXPECT_FALSE(clock.close(~std::uint64_t{0})) << "the one that is going on never closes";
}

TEST(WindowClockTest, SamplesBelongToTheWindowOfTheirTime) {
  Clocks clocks;
  WindowClock clock(kTen, clocks.now);
  clocks.pass(27 * kSecond);  // ends at 506, 516, 526
  clock.observe(clocks.now);
  ASSERT_EQ(clock.open().size(), 4U);
  EXPECT_EQ(clock.window_of(0), 0U);
  EXPECT_EQ(clock.window_of(506 * kSecond - 1), 0U);
  EXPECT_EQ(clock.window_of(506 * kSecond), 1U);
  EXPECT_EQ(clock.window_of(525 * kSecond), 2U);
  EXPECT_EQ(clock.window_of(527 * kSecond), 3U);
  EXPECT_EQ(clock.window_of(9'999 * kSecond), 3U);
}

TEST(WindowClockTest, AStepEndsTheWindowByTheOldTimeAndBeginsOneByTheNew) {
  for (const std::int64_t seconds : {1LL, -1LL, 3'600LL, -3'600LL, 86'400LL, -86'400LL}) {
    Clocks clocks;
    WindowClock clock(kTen, clocks.now);
    auto closed = run(clock, clocks, 9 * kSecond);  // 13 s after midnight
    clocks.step(seconds * static_cast<std::int64_t>(kSecond));
    const auto after = run(clock, clocks, 30 * kSecond);
    closed.insert(closed.end(), after.begin(), after.end());
    expect_contiguous(closed);
    ASSERT_GE(closed.size(), 4U);
    EXPECT_EQ(closed[1].begin_wall_ns, kMidnight + kTen);
    EXPECT_EQ(closed[1].end_mono_ns, 509 * kSecond + kSecond / 10) << "at the look that saw it";
    const std::uint64_t stepped =
        kMidnight + 13 * kSecond + kSecond / 10 + static_cast<std::uint64_t>(seconds) * kSecond;
    EXPECT_EQ(closed[2].begin_wall_ns, stepped);
    EXPECT_EQ(closed[2].end_wall_ns % kTen, 0U);
    EXPECT_EQ(closed[3].end_wall_ns - closed[3].begin_wall_ns, kTen) << "right after one window";
  }
}

TEST(WindowClockTest, ASleepOfTheMachineIsInNoWindow) {
  Clocks clocks;
  WindowClock clock(kTen, clocks.now);
  auto closed = run(clock, clocks, 9 * kSecond);
  clocks.step(600 * static_cast<std::int64_t>(kSecond));  // CLOCK_MONOTONIC stood still
  const auto after = run(clock, clocks, 20 * kSecond);
  closed.insert(closed.end(), after.begin(), after.end());
  expect_contiguous(closed);
  std::uint64_t covered = 0;
  for (const WindowSpan& span : closed) covered += span.end_wall_ns - span.begin_wall_ns;
  EXPECT_LT(covered, 31 * kSecond);
}

TEST(WindowClockTest, SlewingMovesEndsAndBreaksNothing) {
  Clocks clocks;
  WindowClock clock(kTen, clocks.now);
  std::vector<WindowSpan> closed;
  for (int look = 0; look < 3'000; ++look) {
    clocks.step(look % 2'000 < 1'000 ? 50'000 : -50'000);  // 500 ppm, one way, then the other
    const auto more = run(clock, clocks, kSecond / 10);
    closed.insert(closed.end(), more.begin(), more.end());
  }
  expect_contiguous(closed);
  EXPECT_NEAR(static_cast<double>(closed.size()), 30.0, 1.0);
  for (const WindowSpan& span : closed) EXPECT_EQ(span.end_wall_ns % kTen, 0U);
}

TEST(WindowClockTest, AnAgentThatWasStoppedHasEveryWindowOfThatTime) {
  Clocks clocks;
  WindowClock clock(kTen, clocks.now);
  clocks.pass(3'600 * kSecond);
  clock.observe(clocks.now);
  std::vector<WindowSpan> closed;
  while (const auto span = clock.close(clocks.now.mono_ns)) closed.push_back(*span);
  EXPECT_EQ(closed.size(), 360U);
  expect_contiguous(closed);
}

TEST(WindowClockTest, WhateverTheClocksDoSpansAreContiguousAndShort) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    Clocks clocks;
    clocks.step(static_cast<std::int64_t>(random() % kTen));
    WindowClock clock(kTen, clocks.now);
    std::vector<WindowSpan> closed;
    for (int look = 0; look < 200; ++look) {
      clocks.pass(random() % (look % 10 == 0 ? 40 * kSecond : kSecond));
      if (random() % 20 == 0) {
        clocks.step(static_cast<std::int64_t>(random() % (200 * kSecond)) -
                    static_cast<std::int64_t>(100 * kSecond));
      }
      clock.observe(clocks.now);
      ASSERT_GE(clocks.now.mono_ns, clock.open().back().begin_mono_ns);
      while (const auto span = clock.close(clocks.now.mono_ns)) closed.push_back(*span);
    }
    expect_contiguous(closed);
  }
}

}  // namespace
}  // namespace sonde
