// SPDX-License-Identifier: Apache-2.0
#include "agent/pipeline/window_set.h"

#include <gtest/gtest.h>

#include <vector>

namespace sonde {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kTen = 10 * kSecond;
constexpr ClockReading kBegin{.mono_ns = 100 * kSecond, .wall_ns = 1'700'000'004 * kSecond};

ClockReading later(std::uint64_t ns) { return {kBegin.mono_ns + ns, kBegin.wall_ns + ns}; }

bool add(WindowSet& windows, std::uint64_t time_ns, FrameWord frame = 1) {
  const std::vector<FrameWord> frames{frame};
  return windows.add(
      time_ns,
      {.tgid = 1, .start_ticks = 5, .process_name = "p", .weight_ns = 10, .frames = frames});
}

TEST(WindowSetTest, ASampleBelongsToTheWindowOfItsOwnTime) {
  WindowSet windows(kTen);
  windows.begin(kBegin);
  add(windows, kBegin.mono_ns - 1);     // from before: of the first
  windows.observe(later(7 * kSecond));  // the first one ended after 6 s
  add(windows, later(5 * kSecond).mono_ns);
  add(windows, later(6 * kSecond).mono_ns);
  EXPECT_FALSE(windows.close(later(6 * kSecond).mono_ns - 1)) << "a sample of it may still come";
  const auto first = windows.close(later(6 * kSecond).mono_ns);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->window.samples, 2U);
  EXPECT_EQ(first->span.end_wall_ns % kTen, 0U);
  EXPECT_FALSE(windows.close(later(7 * kSecond).mono_ns));
  const auto rest = windows.close_all(later(8 * kSecond));
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].window.samples, 1U);
  EXPECT_EQ(rest[0].span.begin_wall_ns, first->span.end_wall_ns);
  EXPECT_EQ(rest[0].span.end_wall_ns, later(8 * kSecond).wall_ns);
  EXPECT_EQ(windows.samples(), 3U);
}

TEST(WindowSetTest, WithoutALengthThereIsOneWindow) {
  WindowSet windows;
  add(windows, 1);
  windows.begin(kBegin);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    windows.observe(later(i * kSecond));
    add(windows, later(i * kSecond).mono_ns);
  }
  EXPECT_FALSE(windows.close(later(1000 * kSecond).mono_ns));
  const auto all = windows.close_all(later(1000 * kSecond));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].window.samples, 1001U);
  EXPECT_EQ(all[0].span.begin_wall_ns, kBegin.wall_ns);
}

TEST(WindowSetTest, TheOpenWindowsCanBeReadAndGoOn) {
  WindowSet windows(kTen);
  EXPECT_TRUE(windows.copies(kBegin).empty());
  windows.begin(kBegin);
  add(windows, later(kSecond).mono_ns);
  const auto open = windows.copies(later(2 * kSecond));
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].window.samples, 1U);
  EXPECT_EQ(open[0].span.end_wall_ns - open[0].span.begin_wall_ns, 2 * kSecond);
  add(windows, later(3 * kSecond).mono_ns);
  EXPECT_EQ(windows.copies(later(4 * kSecond)).at(0).window.samples, 2U);
}

TEST(WindowSetTest, AnEndedWindowIsReadUntilItIsClosed) {
  WindowSet windows(kTen);
  windows.begin(kBegin);
  add(windows, later(kSecond).mono_ns);
  const ClockReading now = later(kTen + kSecond);
  windows.observe(now);
  add(windows, now.mono_ns);
  add(windows, later(2 * kSecond).mono_ns);  // late
  const auto open = windows.copies(now);
  ASSERT_EQ(open.size(), 2U);
  EXPECT_EQ(open[0].window.samples, 2U);
  EXPECT_EQ(open[1].window.samples, 1U);
  EXPECT_EQ(open[0].span.end_mono_ns, open[1].span.begin_mono_ns);
  EXPECT_EQ(open[1].span.end_mono_ns, now.mono_ns);
  const auto closed = windows.close(now.mono_ns);
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->span.begin_wall_ns, open[0].span.begin_wall_ns);
  EXPECT_EQ(windows.copies(now).size(), 1U);
}

TEST(WindowSetTest, EachWindowHasItsOwnLimit) {
  WindowSet windows(kTen, {.max_stacks = 1, .max_frame_words = 100});
  windows.begin(kBegin);
  windows.observe(later(7 * kSecond));
  EXPECT_TRUE(add(windows, later(kSecond).mono_ns, 1));
  EXPECT_FALSE(add(windows, later(kSecond).mono_ns, 2));
  EXPECT_TRUE(add(windows, later(7 * kSecond).mono_ns, 2));
  EXPECT_EQ(windows.samples(), 2U);
}

}  // namespace
}  // namespace sonde
