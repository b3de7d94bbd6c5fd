// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_trends.h"

#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"

namespace sonde {
namespace {

using test::ProfileBuilder;

TopWindow window_of(std::uint64_t samples, const std::string& process = "busy") {
  ProfileBuilder b;
  b.add(process, "main", samples);
  b.profile.meta.duration_ns = 1'000'000'000;
  TopWindow out{.profile = std::move(b.profile), .cgroups = {"/a"}, .own_pids = {}};
  return out;
}

TEST(TopTrendsTest, TheNewestIsLastAndOldOnesLeave) {
  TopTrends trends;
  EXPECT_TRUE(trends.of(TopBy::kProcess, "busy").empty());
  for (std::uint64_t i = 0; i <= TopTrends::kWindows; ++i) trends.add(window_of(i * 100), true);
  const auto cores = trends.of(TopBy::kProcess, "busy");
  ASSERT_EQ(cores.size(), TopTrends::kWindows);
  EXPECT_DOUBLE_EQ(cores.front(), 1.0);
  EXPECT_DOUBLE_EQ(cores.back(), static_cast<double>(TopTrends::kWindows));
  EXPECT_EQ(trends.of(TopBy::kCgroup, "/a"), cores);
  EXPECT_EQ(trends.of(TopBy::kFunction, "main\n/usr/bin/busy"), cores);
}

TEST(TopTrendsTest, WhoWasNotThereUsedNothing) {
  TopTrends trends;
  trends.add(window_of(100), true);
  trends.add(window_of(100, "other"), true);
  EXPECT_EQ(trends.of(TopBy::kProcess, "other"), (std::vector<double>{0.0, 1.0}));
  trends.clear();
  EXPECT_TRUE(trends.of(TopBy::kProcess, "other").empty());
}

TEST(TopTrendsTest, OnlyTheFirstRowsAreRemembered) {
  ProfileBuilder b;
  for (std::size_t i = 0; i <= TopTrends::kMaxRows; ++i)
    b.add("p" + std::to_string(i), "main", i + 1);
  b.profile.meta.duration_ns = 1'000'000'000;
  const TopWindow window{.profile = b.profile,
                         .cgroups = std::vector<std::string>(b.profile.processes.size()),
                         .own_pids = {}};
  TopTrends trends;
  trends.add(window, true);
  EXPECT_EQ(trends.of(TopBy::kProcess, "p0"), std::vector<double>{0.0});
  EXPECT_GT(trends.of(TopBy::kProcess, "p1").front(), 0.0);
}

}  // namespace
}  // namespace sonde
