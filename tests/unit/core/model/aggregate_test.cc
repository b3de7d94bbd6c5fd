// SPDX-License-Identifier: Apache-2.0
#include "core/model/aggregate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"

namespace sonde {
namespace {

using test::ProfileBuilder;
using ::testing::ElementsAre;
using ::testing::Pair;

std::vector<std::string> rows_of(const SymbolizedProfile& profile) {
  const FunctionTable functions(profile);
  std::vector<std::string> out;
  for (const FunctionTotals& row : sum_functions(profile, functions)) {
    out.push_back(std::string(functions[row.function].name) + " " +
                  std::to_string(row.self.samples) + "/" + std::to_string(row.total.samples));
  }
  return out;
}

TEST(SumFunctionsTest, SelfIsTheLeafAndTotalIsEveryFunctionOnTheStack) {
  ProfileBuilder b;
  b.add("app", "main;parse;read", 3).add("app", "main;parse", 2).add("app", "main", 1);
  EXPECT_THAT(rows_of(b.profile), ElementsAre("read 3/3", "parse 2/5", "main 1/6"));
}

TEST(SumFunctionsTest, RecursionCountsOncePerStack) {
  ProfileBuilder b;
  b.add("app", "main;walk;visit;walk;visit;walk", 4);
  EXPECT_THAT(rows_of(b.profile), ElementsAre("walk 4/4", "main 0/4", "visit 0/4"));
}

TEST(SumFunctionsTest, TheSameNameInAnotherImageIsAnotherFunction) {
  ProfileBuilder b;
  b.add("app", "init@/lib/a.so", 2).add("app", "init@/lib/b.so", 1);
  EXPECT_THAT(rows_of(b.profile), ElementsAre("init 2/2", "init 1/1"));
}

TEST(SumFunctionsTest, SelfTimesAddUpToTheWhole) {
  ProfileBuilder b;
  b.add("a", "x;y", 7).add("b", "y", 5).add("a", "x;y;z", 11);
  std::uint64_t self = 0;
  for (const FunctionTotals& row : sum_functions(b.profile, FunctionTable(b.profile))) {
    self += row.self.cpu_ns;
  }
  EXPECT_EQ(self, 23 * ProfileBuilder::kTickNs);
}

TEST(CountStacksTest, EarlySamplesAreTruncatedButCountedApart) {
  ProfileBuilder b;
  b.add("a", "x", 90)
      .add("a", "y", 6, SONDE_STOP_NO_MAPPING)
      .add("a", "", 1, SONDE_STOP_NO_PROCESS)
      .add("a", "z", 3, SONDE_STOP_NO_ROW);
  const StackTotals totals = count_stacks(b.profile);
  EXPECT_EQ(totals.all.samples, 100U);
  EXPECT_EQ(totals.whole, 90U);
  EXPECT_EQ(totals.early, 7U);
  EXPECT_THAT(totals.truncated,
              ElementsAre(Pair("no_mapping", 6U), Pair("no_process", 1U), Pair("no_row", 3U)));
  EXPECT_DOUBLE_EQ(whole_share(totals.whole, totals.all.samples, totals.early), 90.0 / 93.0);
}

TEST(CountStacksTest, KernelOnlyStacksAreWhole) {
  ProfileBuilder b;
  b.add("kworker/0:1", "worker_thread@[kernel.kallsyms]", 5, SONDE_STOP_KERNEL_ONLY);
  EXPECT_EQ(count_stacks(b.profile).whole, 5U);
  EXPECT_TRUE(count_stacks(b.profile).truncated.empty());
}

TEST(CountStacksTest, OnlyTheLeafDecidesWhetherASampleIsUnresolved) {
  ProfileBuilder b;
  b.add("a", "main;lib+0x10@?/lib/lib.so", 2).add("a", "lib+0x10@?/lib/lib.so;f", 3);
  const StackTotals totals = count_stacks(b.profile);
  EXPECT_EQ(totals.unresolved_leaf, 2U);
  EXPECT_EQ(totals.leaves, 5U);
  EXPECT_EQ(totals.frames, 10U);
}

TEST(CountStacksTest, AStopReasonOfALaterVersionIsUnknownNotACrash) {
  ProfileBuilder b;
  b.add("a", "x", 1, 999);
  EXPECT_THAT(count_stacks(b.profile).truncated, ElementsAre(Pair("unknown", 1U)));
}

TEST(SumProcessesTest, ProcessesOfOneNameAreOneRow) {
  ProfileBuilder b;
  b.add("db:7", "x", 1).add("db:9", "sys@[kernel.kallsyms]", 2).add("db:7", "y", 1);
  b.add("web:3", "z", 3, SONDE_STOP_DEPTH);
  const auto rows = sum_processes(b.profile);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].name, "db");
  EXPECT_THAT(rows[0].pids, ElementsAre(7U, 9U));
  EXPECT_EQ(rows[0].kernel_ns, 2 * ProfileBuilder::kTickNs);
  EXPECT_EQ(rows[0].whole, 4U);
  EXPECT_EQ(rows[1].whole, 0U);
  EXPECT_EQ(rows[1].cut.begin()->second, 3U);
}

TEST(SumOriginsTest, TheLeafDecidesAndAStackWithoutFramesIsUnresolved) {
  ProfileBuilder b;
  b.add("a", "main;memcpy@/lib/libc.so.6", 2).add("a", "", 1, SONDE_STOP_NO_PROCESS);
  const OriginTotals totals = sum_origins(b.profile);
  EXPECT_EQ(totals[static_cast<std::size_t>(Origin::kLibrary)], 2 * ProfileBuilder::kTickNs);
  EXPECT_EQ(totals[static_cast<std::size_t>(Origin::kUnresolved)], ProfileBuilder::kTickNs);
}

TEST(SumImagesTest, AnImageCountsOncePerStack) {
  ProfileBuilder b;
  b.add("a", "f@/lib/x.so;g@/lib/x.so;h@/lib/y.so", 2);
  const auto rows = sum_images(b.profile);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].image, "/lib/y.so");
  EXPECT_EQ(rows[0].self.samples, 2U);
  EXPECT_EQ(rows[1].total.samples, 2U);
  EXPECT_EQ(rows[1].self.samples, 0U);
}

TEST(AggregateTest, AnEmptyProfileGivesEmptyTables) {
  const SymbolizedProfile profile;
  EXPECT_TRUE(sum_functions(profile, FunctionTable(profile)).empty());
  EXPECT_TRUE(sum_images(profile).empty());
  EXPECT_TRUE(sum_processes(profile).empty());
  EXPECT_EQ(count_stacks(profile).all.samples, 0U);
}

}  // namespace
}  // namespace sonde
