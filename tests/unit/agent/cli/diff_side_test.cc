// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/diff_side.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"

namespace sonde {
namespace {

using test::ProfileBuilder;
using ::testing::HasSubstr;

SymbolizedProfile some(std::uint64_t samples = 100) {
  SymbolizedProfile out = ProfileBuilder().add("app", "main", samples).profile;
  out.meta.duration_ns = 2'000'000'000;
  return out;
}

DiffOptions options_for(std::size_t before, std::size_t after) {
  DiffOptions out;
  for (std::size_t i = 0; i < before; ++i) out.before.push_back("old" + std::to_string(i));
  for (std::size_t i = 0; i < after; ++i) out.after.push_back("new" + std::to_string(i));
  return out;
}

std::string error_of(std::vector<SymbolizedProfile> before, std::vector<SymbolizedProfile> after,
                     bool absolute = false) {
  DiffOptions options = options_for(before.size(), after.size());
  options.absolute = absolute;
  const auto input = check_diff_input({std::move(before), std::move(after)}, options);
  return input ? "none" : input.error().message;
}

TEST(DiffSideTest, FactsOfSeveralFilesAddUp) {
  SymbolizedProfile lossy = some(50);
  lossy.meta.lost = {{"ring_full", 3}};
  lossy.meta.notes["negative_values"] = 2;
  lossy.stacks[0].stop = SONDE_STOP_NO_ROW;
  const auto input = check_diff_input({{{some(150), lossy}, {some(7)}}}, options_for(2, 1));
  ASSERT_TRUE(input);
  const DiffSideFacts& before = input->facts[0];
  EXPECT_EQ(before.files.size(), 2U);
  EXPECT_EQ(before.all.samples, 200U);
  EXPECT_EQ(before.duration_ns, 4'000'000'000U);
  EXPECT_EQ(before.lost, 3U);
  EXPECT_EQ(before.negative, 2U);
  EXPECT_DOUBLE_EQ(before.whole_share, 0.75);
  EXPECT_EQ(input->facts[1].all.samples, 7U);
  EXPECT_TRUE(input->is_cpu_time);
}

TEST(DiffSideTest, ASideWithoutSamplesIsAnError) {
  EXPECT_EQ(error_of({SymbolizedProfile{}}, {some()}), "old0 holds no samples");
  EXPECT_EQ(error_of({some()}, {SymbolizedProfile{}, SymbolizedProfile{}}),
            "new0 and the other files of its side hold no samples");
  EXPECT_EQ(error_of({some(), SymbolizedProfile{}}, {some()}), "none");
  SymbolizedProfile negative;
  negative.meta.notes["negative_values"] = 9;
  EXPECT_THAT(error_of({some()}, {negative}), HasSubstr("difference already"));
}

TEST(DiffSideTest, OnlyCpuTimeIsCompared) {
  SymbolizedProfile heap = some();
  heap.meta.notes["value_type:alloc_space/bytes"] = 1;
  EXPECT_THAT(error_of({some()}, {heap}), HasSubstr("new0 holds alloc_space/bytes, not CPU time"));
  EXPECT_THAT(error_of({heap}, {heap}), HasSubstr("old0 holds alloc_space/bytes"));
}

TEST(DiffSideTest, CountsAreComparedWithCountsOnly) {
  SymbolizedProfile counts = some();
  counts.meta.notes["value_type:samples/count"] = 1;
  const auto input = check_diff_input({{{counts}, {counts}}}, options_for(1, 1));
  ASSERT_TRUE(input);
  EXPECT_FALSE(input->is_cpu_time);
  EXPECT_EQ(error_of({some()}, {some(), counts}),
            "the files do not hold the same: CPU time in old0, samples/count in new1");
}

TEST(DiffSideTest, AbsoluteNeedsCpuTimeAndDurations) {
  SymbolizedProfile untimed = some();
  untimed.meta.duration_ns = 0;
  EXPECT_EQ(error_of({untimed}, {some()}), "none");
  EXPECT_THAT(error_of({untimed}, {some()}, true), HasSubstr("old0 does not say how long"));
  SymbolizedProfile counts = some();
  counts.meta.notes["value_type:samples/count"] = 1;
  EXPECT_THAT(error_of({counts}, {counts}, true), HasSubstr("not CPU time"));
}

}  // namespace
}  // namespace sonde
