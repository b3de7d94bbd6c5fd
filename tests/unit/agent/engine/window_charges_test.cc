// SPDX-License-Identifier: Apache-2.0
// Over a hierarchy and a /proc of files; windows end when the test says so.
#include "agent/engine/window_charges.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/clock.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

constexpr std::uint64_t kWindowNs = 10'000'000'000;

class WindowChargesTest : public testing::Test {
 protected:
  WindowChargesTest() {
    std::filesystem::create_directories(base_.path().string() + "/proc");
    std::filesystem::create_directories(base_.path().string() + "/cgroup/a");
    use(1'000, 500);
  }
  // What the host (in ticks of 10 ms) and the cgroup /a used so far.
  void use(std::uint64_t host_ticks, std::uint64_t cgroup_usec) {
    std::ofstream(base_.path().string() + "/proc/stat")
        << "cpu  " << host_ticks << " 0 0 77 0 0 0 0 0 0\n";
    std::ofstream(base_.path().string() + "/cgroup/a/cpu.stat")
        << "usage_usec " << cgroup_usec << "\n";
  }
  // The first window began two windows ago: its begin cannot be read in time.
  void begin() {
    now_ = monotonic_ns() - 2 * kWindowNs;
    windows_.begin({.mono_ns = now_, .wall_ns = kWindowNs * 5});
    charges_.observe(windows_);
  }
  void sample() {
    struct stat about {};
    ASSERT_EQ(::stat((base_.path().string() + "/cgroup/a").c_str(), &about), 0);
    ASSERT_TRUE(windows_.add(
        now_,
        {.tgid = 7, .cgroup_id = about.st_ino, .process_name = "p", .weight_ns = 1, .frames = {}}));
  }
  // Ends the window that is being filled, as if the wall clock had come to the next multiple.
  WindowSpan end(std::uint64_t now) {
    const WindowSpan span = *windows_.filling_span();
    now_ = now;
    windows_.observe({.mono_ns = now_, .wall_ns = span.end_wall_ns + kWindowNs});
    charges_.observe(windows_);
    return {span.begin_mono_ns, now_, 0, 0};
  }
  WindowSpan end() { return end(monotonic_ns()); }
  std::uint64_t lost(ChargeLoss why) const {
    return charges_.lost().at(static_cast<std::size_t>(why));
  }

  TemporaryDirectory base_;
  CgroupLayout layout_{.v1_memory = false,
                       .mount = base_.path().string() + "/cgroup",
                       .cpu_mount = base_.path().string() + "/cgroup"};
  ProcReader proc_{base_.path().string() + "/proc"};
  CgroupPaths paths_{layout_};
  WindowSet windows_{kWindowNs};
  WindowCharges charges_{layout_, proc_, paths_, kWindowNs};
  std::uint64_t now_ = 0;
};

TEST_F(WindowChargesTest, AWindowHasWhatWasChargedBetweenItsEnds) {
  begin();
  EXPECT_EQ(lost(ChargeLoss::kChargeLate), 1U);
  end();
  sample();
  use(1'200, 900);
  const WindowSpan second = end();
  use(1'250, 1'400);
  const WindowSpan third = end();
  const auto of_second = charges_.take(second);
  ASSERT_TRUE(of_second);
  EXPECT_EQ(of_second->host_ns, 2'000'000'000U);
  EXPECT_TRUE(of_second->cgroups.empty()) << "not read at its begin: it had no samples yet";
  const auto of_third = charges_.take(third);
  ASSERT_TRUE(of_third);
  EXPECT_EQ(of_third->host_ns, 500'000'000U);
  EXPECT_EQ(of_third->source, "cpu.stat");
  ASSERT_EQ(of_third->cgroups.size(), 1U) << "it goes on without samples";
  EXPECT_EQ(of_third->cgroups[0].cgroup, "/a");
  EXPECT_EQ(of_third->cgroups[0].ns, 500'000U);
  EXPECT_EQ(lost(ChargeLoss::kChargeLate), 1U);
}

TEST_F(WindowChargesTest, AReadingThatComesLateIsOfNoWindow) {
  begin();
  end();
  const std::uint64_t ended = now_ + 1;
  while (monotonic_ns() <= ended + kWindowNs / WindowCharges::kParts) {
  }
  const WindowSpan second = end(ended);
  EXPECT_EQ(lost(ChargeLoss::kChargeLate), 2U) << "the begin, and this one";
  const WindowSpan third = end();
  const WindowSpan fourth = end();
  EXPECT_FALSE(charges_.take(second));
  EXPECT_FALSE(charges_.take(third)) << "its begin was not read in time";
  EXPECT_TRUE(charges_.take(fourth));
  EXPECT_EQ(lost(ChargeLoss::kChargeLate), 2U);
}

TEST_F(WindowChargesTest, WindowsThatEndAtOnceHaveNone) {
  constexpr std::uint64_t kShort = 10'000'000;
  WindowSet windows(kShort);
  WindowCharges charges(layout_, proc_, paths_, kShort);
  const std::uint64_t begin = monotonic_ns();
  windows.begin({.mono_ns = begin, .wall_ns = kShort * 7});
  charges.observe(windows);
  while (monotonic_ns() < begin + 3 * kShort) {
  }
  const std::uint64_t now = monotonic_ns();
  windows.observe({.mono_ns = now, .wall_ns = kShort * 7 + (now - begin)});
  charges.observe(windows);
  for (std::uint64_t ended = 0; begin + (ended + 1) * kShort <= now; ++ended) {
    EXPECT_FALSE(charges.take({begin + ended * kShort, begin + (ended + 1) * kShort, 0, 0}));
  }
}

TEST_F(WindowChargesTest, AHostThatCannotBeReadIsNotKnown) {
  begin();
  end();
  std::ofstream(base_.path().string() + "/proc/stat") << "intr 5\n";
  const WindowSpan second = end();
  use(1'300, 0);
  const WindowSpan third = end();
  use(1'200, 0);  // went back
  const WindowSpan fourth = end();
  use(1'201, 0);
  const WindowSpan fifth = end();
  EXPECT_FALSE(charges_.take(second));
  EXPECT_FALSE(charges_.take(third));
  EXPECT_FALSE(charges_.take(fourth));
  EXPECT_TRUE(charges_.take(fifth));
}

TEST_F(WindowChargesTest, WithoutALengthNothingIsRead) {
  WindowSet endless;
  WindowCharges none(layout_, proc_, paths_, 0);
  endless.begin({.mono_ns = monotonic_ns(), .wall_ns = 1});
  none.observe(endless);
  EXPECT_FALSE(none.take(*endless.filling_span()));
  EXPECT_EQ(none.lost().at(static_cast<std::size_t>(ChargeLoss::kChargeLate)), 0U);
}

}  // namespace
}  // namespace sonde
