// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/diff_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/profile_builder.h"

namespace sonde {
namespace {

using test::ProfileBuilder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// `walk` grew from 300 to 400 of 1,000 samples, `scan` shrank by as much; `blip` is noise.
struct Sides {
  SymbolizedProfile before = ProfileBuilder()
                                 .add("app", "main;walk", 300)
                                 .add("app", "main;scan", 600)
                                 .add("app", "main;read@/lib/libc.so.6", 97)
                                 .add("cron", "tick", 3)
                                 .profile;
  SymbolizedProfile after = ProfileBuilder()
                                .add("app", "main;walk", 400)
                                .add("app", "main;scan", 500)
                                .add("app", "main;read@/lib/libc.so.6", 95)
                                .add("cron", "blip", 5)
                                .profile;
  ProfileDiff diff{{&before, 1}, {&after, 1}};
};

std::vector<std::string> names(const ProfileDiff& diff, const std::vector<DiffEntry>& entries,
                               DiffBy by = DiffBy::kFunction) {
  std::vector<std::string> out;
  for (const DiffEntry& entry : entries) {
    std::string name(diff.items(by)[entry.item].name);
    if (!entry.path.empty()) name.clear();
    for (const std::uint32_t function : entry.path) {
      name += (name.empty() ? "" : ";") + std::string(diff.items(by)[function].name);
    }
    out.push_back(name);
  }
  return out;
}

TEST(JudgeDiffTest, OnlyWhatIsBeyondTheErrorIsShownLargestFirst) {
  const Sides sides;
  const DiffFigures figures = judge_diff(sides.diff, {}, 20);
  EXPECT_THAT(names(sides.diff, figures.shown), ElementsAre("walk", "scan"));
  EXPECT_EQ(figures.compared, 5U);  // main is never a leaf
  EXPECT_EQ(figures.beyond_error, 2U);
  EXPECT_THAT(figures.grown, IsEmpty());
}

TEST(JudgeDiffTest, AllShowsTheRestAndRowsCutTheList) {
  const Sides sides;
  DiffOptions options;
  options.all = true;
  EXPECT_THAT(names(sides.diff, judge_diff(sides.diff, options, 20).shown),
              ElementsAre("walk", "scan", "blip", "tick", "read"));
  options.rows = 1;
  EXPECT_THAT(names(sides.diff, judge_diff(sides.diff, options, 20).shown), ElementsAre("walk"));
  options.rows = 0;
  EXPECT_EQ(judge_diff(sides.diff, options, 1).shown.size(), 5U);
}

TEST(JudgeDiffTest, TotalsCountWhatIsCalled) {
  const Sides sides;
  DiffOptions options;
  options.total = options.all = true;
  const DiffFigures figures = judge_diff(sides.diff, options, 20);
  EXPECT_EQ(figures.compared, 6U);
  EXPECT_EQ(figures.beyond_error, 2U);
}

TEST(JudgeDiffTest, ImagesAndProcesses) {
  const Sides sides;
  DiffOptions options;
  options.all = true;
  options.by = DiffBy::kImage;
  EXPECT_THAT(names(sides.diff, judge_diff(sides.diff, options, 20).shown, DiffBy::kImage),
              ElementsAre("/usr/bin/cron", "/lib/libc.so.6", "/usr/bin/app"));
  options.by = DiffBy::kProcess;
  EXPECT_THAT(names(sides.diff, judge_diff(sides.diff, options, 20).shown, DiffBy::kProcess),
              ElementsAre("cron", "app"));
}

TEST(JudgeDiffTest, APathIsNamedWhereItsChangeHappens) {
  ProfileBuilder before;
  before.add("app", "main;serve;parse;memcpy", 100).add("app", "main;serve;send", 900);
  ProfileBuilder after;
  after.add("app", "main;serve;parse;memcpy", 300).add("app", "main;serve;send", 700);
  const ProfileDiff diff({&before.profile, 1}, {&after.profile, 1});
  DiffOptions options;
  options.paths = true;
  const DiffFigures figures = judge_diff(diff, options, 20);
  EXPECT_THAT(names(diff, figures.shown),
              ElementsAre("main;serve;parse;memcpy", "main;serve;send"));
  EXPECT_EQ(figures.shown[0].total[1].samples, 300U);
}

TEST(JudgeDiffTest, APathWhoseChangeIsSpreadIsNamedTooAboveItsParts) {
  ProfileBuilder before;
  before.add("app", "main;work;a", 100).add("app", "main;work;b", 100).add("app", "main;idle", 800);
  ProfileBuilder after;
  after.add("app", "main;work;a", 200).add("app", "main;work;b", 200).add("app", "main;idle", 600);
  const ProfileDiff diff({&before.profile, 1}, {&after.profile, 1});
  DiffOptions options;
  options.paths = true;
  EXPECT_THAT(names(diff, judge_diff(diff, options, 20).shown),
              ElementsAre("main;work", "main;idle", "main;work;a", "main;work;b"));
}

TEST(JudgeDiffTest, AbsoluteChangesAreOfCpuPerSecond) {
  Sides sides;
  // The same shares in half the time: twice the CPU per second.
  sides.before.meta.duration_ns = 20'000'000'000;
  sides.after = sides.before;
  sides.after.meta.duration_ns = 10'000'000'000;
  const ProfileDiff diff({&sides.before, 1}, {&sides.after, 1});
  DiffOptions options;
  EXPECT_THAT(judge_diff(diff, options, 20).shown, IsEmpty());
  options.absolute = true;
  const DiffFigures figures = judge_diff(diff, options, 20);
  EXPECT_THAT(names(diff, figures.shown), ElementsAre("scan", "walk", "read"));
  EXPECT_NEAR(figures.shown[0].change.before, 0.3, 1e-12);  // 600 ticks of 10 ms in 20 s
  EXPECT_NEAR(figures.shown[0].change.after, 0.6, 1e-12);
}

TEST(JudgeDiffTest, FailAboveTakesTotalsThatGrewByMoreAndForCertain) {
  const Sides sides;
  DiffOptions options;
  options.fail_above = 0.05;
  EXPECT_THAT(names(sides.diff, judge_diff(sides.diff, options, 20).grown), ElementsAre("walk"));
  options.fail_above = 0.099;
  EXPECT_EQ(judge_diff(sides.diff, options, 20).grown.size(), 1U);
  options.fail_above = 0.101;
  EXPECT_THAT(judge_diff(sides.diff, options, 20).grown, IsEmpty());
  // Small, but a change of 2.5 sigma only is not certain: 300 -> 352 of 1,000.
  const auto before = ProfileBuilder().add("app", "walk", 300).add("app", "scan", 700).profile;
  const auto after = ProfileBuilder().add("app", "walk", 352).add("app", "scan", 648).profile;
  const ProfileDiff slight({&before, 1}, {&after, 1});
  options.fail_above = 0;
  const DiffFigures figures = judge_diff(slight, options, 20);
  EXPECT_EQ(figures.beyond_error, 2U);
  EXPECT_THAT(figures.grown, IsEmpty());
}

TEST(JudgeDiffTest, FailAboveGoesByWhatIsCompared) {
  const auto before = ProfileBuilder().add("app", "f", 900).add("cron", "g", 100).profile;
  const auto after = ProfileBuilder().add("app", "f", 700).add("cron", "g", 300).profile;
  const ProfileDiff diff({&before, 1}, {&after, 1});
  DiffOptions options;
  options.fail_above = 0.05;
  options.by = DiffBy::kProcess;
  EXPECT_THAT(names(diff, judge_diff(diff, options, 20).grown, DiffBy::kProcess),
              ElementsAre("cron"));
}

TEST(JudgeDiffTest, AbsoluteGrowthIsOfAllCpuTimeBefore) {
  auto before = ProfileBuilder().add("app", "f", 500).add("app", "g", 500).profile;
  auto after = ProfileBuilder().add("app", "f", 700).add("app", "g", 500).profile;
  before.meta.duration_ns = after.meta.duration_ns = 10'000'000'000;
  const ProfileDiff diff({&before, 1}, {&after, 1});
  DiffOptions options;
  options.absolute = true;
  options.fail_above = 0.19;  // 200 ticks more, of 1,000
  EXPECT_THAT(names(diff, judge_diff(diff, options, 20).grown), ElementsAre("f"));
  options.fail_above = 0.21;
  EXPECT_THAT(judge_diff(diff, options, 20).grown, IsEmpty());
}

}  // namespace
}  // namespace sonde
