// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/call_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/cli/text.h"
#include "tests/support/profile_builder.h"

namespace sonde {
namespace {

using test::ProfileBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Terminal terminal_of(std::size_t width, bool utf8 = true) {
  return Terminal{.is_tty = true, .colour = false, .moves = true, .utf8 = utf8, .width = width};
}

struct View {
  explicit View(ProfileBuilder builder) : profile(std::move(builder.profile)), functions(profile) {}

  Lines tree(std::optional<std::size_t> lines, const Terminal& terminal) const {
    return tree_lines(functions, build_call_tree(profile, functions),
                      count_stacks(profile).all.cpu_ns, lines, Pen(terminal));
  }
  Lines callees_tree(std::string_view of, const Terminal& terminal) const {
    return tree_lines(
        functions,
        build_call_tree(profile, functions, find_functions(functions, of), Direction::kCallees),
        count_stacks(profile).all.cpu_ns, std::nullopt, Pen(terminal));
  }

  SymbolizedProfile profile;
  FunctionTable functions;
};

// The tree of the manual: 1,000 samples, 271 of them below exec_simple_query.
View database() {
  const std::string run =
      "main;exec_simple_query;PortalRun;PortalRunSelect;standard_ExecutorRun;ExecutePlan;";
  ProfileBuilder b;
  b.add("postgres", run + "ExecAgg", 118)
      .add("postgres", run + "ExecSort;tuplesort_performsort;qsort_tuple", 77)
      .add("postgres", run + "printtup", 19)
      .add("postgres", run + "rare", 2)
      .add("postgres",
           "main;exec_simple_query;PortalRun;PortalRunSelect;standard_ExecutorRun;"
           "ExecutePlan",
           23)
      .add("postgres", "main;exec_simple_query", 32)
      .add("postgres", "main;idle", 729);
  return View(std::move(b));
}

TEST(TreeLinesTest, ChainsOfSingleCallsShareALine) {
  EXPECT_THAT(
      database().callees_tree("exec_simple_query", terminal_of(80)),
      ElementsAre(" 27.1 %  exec_simple_query",
                  " 23.9 %  └ PortalRun ▸ PortalRunSelect ▸ standard_ExecutorRun ▸ ExecutePlan",
                  " 11.8 %    ├ ExecAgg",
                  "  7.7 %    ├ ExecSort ▸ tuplesort_performsort ▸ qsort_tuple",
                  "  1.9 %    └ printtup"));
}

TEST(TreeLinesTest, AsciiTerminalsGetAsciiBranches) {
  EXPECT_THAT(database().callees_tree("exec_simple_query", terminal_of(60, false)),
              ElementsAre(" 27.1 %  exec_simple_query",
                          " 23.9 %  `-PortalRun > PortalRunSelect > ... > ExecutePlan",
                          " 11.8 %    |-ExecAgg",
                          "  7.7 %    |-ExecSort > tuplesort_performsort > qsort_tuple",
                          "  1.9 %    `-printtup"));
}

TEST(TreeLinesTest, TheHeaviestLinesAreKept) {
  EXPECT_THAT(database().tree(3, terminal_of(80)),
              ElementsAre("  100 %  main", " 72.9 %  ├ idle", " 27.1 %  └ exec_simple_query"));
}

TEST(TreeLinesTest, ZeroShowsEverythingHoweverSmall) {
  const Lines lines = database().tree(0, terminal_of(120));
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("rare")));
}

TEST(TreeLinesTest, RecursionIsCounted) {
  ProfileBuilder b;
  std::string stack = "main";
  for (int i = 0; i < 500; ++i) stack += ";walk";
  b.add("a", stack + ";leaf", 10);
  EXPECT_THAT(View(std::move(b)).tree(std::nullopt, terminal_of(80)),
              ElementsAre("  100 %  main ▸ walk ×500 ▸ leaf"));
}

TEST(TreeLinesTest, NoLineIsWiderThanTheTerminalHoweverDeepTheTree) {
  ProfileBuilder b;
  std::string stack = "root";
  for (int i = 0; i < 200; ++i) {
    b.add("a", stack + ";side" + std::string(60, 'x') + std::to_string(i), 10);
    stack += ";step_with_a_long_name_" + std::string(40, 'y') + std::to_string(i);
  }
  const View view(std::move(b));
  for (const std::size_t width : {40U, 80U, 120U}) {
    const Lines lines = view.tree(0, terminal_of(width));
    EXPECT_GE(lines.size(), 200U);
    for (const std::string& line : lines) EXPECT_LE(display_width(line), width) << line;
  }
}

TEST(NeighbourLinesTest, SharesAreOfAllAndOfTheFunction) {
  const View view = database();
  const auto match = find_functions(view.functions, "exec_simple_query");
  const auto rows = sum_neighbours(view.profile, view.functions, match, Direction::kCallees);
  const ChosenTotals chosen = sum_chosen(view.profile, view.functions, match);
  EXPECT_THAT(
      neighbour_lines(view.functions, rows, chosen.total, count_stacks(view.profile).all.cpu_ns,
                      Direction::kCallees, 10, Pen(terminal_of(80))),
      ElementsAre(" share   of it  calls                                     where",
                  "23.9 %  88.2 %  PortalRun                                 postgres",
                  " 3.2 %  11.8 %  (itself)"));
}

}  // namespace
}  // namespace sonde
