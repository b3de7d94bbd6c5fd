// SPDX-License-Identifier: Apache-2.0
#include "core/model/call_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"

namespace sonde {
namespace {

using test::ProfileBuilder;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

struct Fixture {
  explicit Fixture(ProfileBuilder builder)
      : profile(std::move(builder.profile)), functions(profile) {}

  [[nodiscard]] std::string name(std::uint32_t function) const {
    return function == kNoFunction ? "-" : std::string(functions[function].name);
  }
  // Every path of the tree as `a>b self/total`.
  [[nodiscard]] std::vector<std::string> paths(const CallTree& tree) const {
    std::vector<std::string> path(tree.size());
    std::vector<std::string> out;
    for (std::uint32_t i = 1; i < tree.size(); ++i) {
      path[i] = (tree[i].parent == 0 ? "" : path[tree[i].parent] + ">") + name(tree[i].function);
      out.push_back(path[i] + " " + std::to_string(tree[i].self.samples) + "/" +
                    std::to_string(tree[i].total.samples));
    }
    return out;
  }
  [[nodiscard]] std::vector<std::string> neighbours(std::string_view of, Direction way) const {
    std::vector<std::string> out;
    for (const auto& row : sum_neighbours(profile, functions, find_functions(functions, of), way)) {
      out.push_back(name(row.function) + " " + std::to_string(row.weight.samples));
    }
    return out;
  }

  SymbolizedProfile profile;
  FunctionTable functions;
};

TEST(CallTreeTest, StacksThatBeginAlikeShareTheirNodes) {
  ProfileBuilder b;
  b.add("a", "main;f;g", 2).add("a", "main;f", 1).add("a", "main;h", 4);
  const Fixture fixture(std::move(b));
  const CallTree tree = build_call_tree(fixture.profile, fixture.functions);
  EXPECT_EQ(tree[0].total.samples, 7U);
  EXPECT_THAT(fixture.paths(tree),
              UnorderedElementsAre("main 0/7", "main>f 1/3", "main>f>g 2/2", "main>h 4/4"));
}

TEST(CallTreeTest, CalleesStartAtTheOutermostOccurrence) {
  ProfileBuilder b;
  b.add("a", "main;f;g;f;h", 2).add("a", "main;x", 9);
  const Fixture fixture(std::move(b));
  const CallTree tree =
      build_call_tree(fixture.profile, fixture.functions, find_functions(fixture.functions, "f"),
                      Direction::kCallees);
  EXPECT_EQ(tree[0].total.samples, 2U);
  EXPECT_THAT(fixture.paths(tree),
              UnorderedElementsAre("f 0/2", "f>g 0/2", "f>g>f 0/2", "f>g>f>h 2/2"));
}

TEST(CallTreeTest, CallersStartAtTheInnermostOccurrence) {
  ProfileBuilder b;
  b.add("a", "main;f;g;f;h", 2).add("a", "start;f", 1);
  const Fixture fixture(std::move(b));
  const CallTree tree =
      build_call_tree(fixture.profile, fixture.functions, find_functions(fixture.functions, "f"),
                      Direction::kCallers);
  EXPECT_THAT(fixture.paths(tree), UnorderedElementsAre("f 0/3", "f>g 0/2", "f>g>f 0/2",
                                                        "f>g>f>main 2/2", "f>start 1/1"));
}

TEST(SumNeighboursTest, ACallerCountsOncePerStackHoweverOftenItCalls) {
  ProfileBuilder b;
  b.add("a", "main;g;f;g;f", 5).add("a", "f;x", 2);
  const Fixture fixture(std::move(b));
  EXPECT_THAT(fixture.neighbours("f", Direction::kCallers), ElementsAre("g 5", "- 2"));
  EXPECT_THAT(fixture.neighbours("f", Direction::kCallees),
              UnorderedElementsAre("g 5", "- 5", "x 2"));
}

TEST(SumChosenTest, RecursionCountsOnce) {
  ProfileBuilder b;
  b.add("a", "f;f;f", 3).add("a", "f;g", 2).add("a", "g", 1);
  const Fixture fixture(std::move(b));
  const ChosenTotals totals =
      sum_chosen(fixture.profile, fixture.functions, find_functions(fixture.functions, "f"));
  EXPECT_EQ(totals.self.samples, 3U);
  EXPECT_EQ(totals.total.samples, 5U);
}

TEST(FindFunctionsTest, TheExactNameWinsOverLongerNamesThatContainIt) {
  ProfileBuilder b;
  b.add("a", "read;pread;ns::read(int)", 1);
  const Fixture fixture(std::move(b));
  const FunctionMatch match = find_functions(fixture.functions, "read");
  EXPECT_TRUE(match.exact);
  EXPECT_EQ(match.count, 1U);
}

TEST(FindFunctionsTest, ParametersNeedNotBeTyped) {
  ProfileBuilder b;
  b.add("a", "void ns::read<int>(char const*);ns::read_all()", 1);
  const Fixture fixture(std::move(b));
  const FunctionMatch match = find_functions(fixture.functions, "ns::read<int>");
  EXPECT_TRUE(match.exact);
  EXPECT_EQ(match.count, 1U);
}

TEST(FindFunctionsTest, APartOfTheNameMayMeanSeveral) {
  ProfileBuilder b;
  b.add("a", "alloc_small;alloc_large;free_all", 1);
  const Fixture fixture(std::move(b));
  EXPECT_EQ(find_functions(fixture.functions, "alloc").count, 2U);
  EXPECT_FALSE(find_functions(fixture.functions, "alloc").exact);
  EXPECT_EQ(find_functions(fixture.functions, "nothing").count, 0U);
  EXPECT_EQ(find_functions(fixture.functions, "").count, 0U);
}

}  // namespace
}  // namespace sonde
