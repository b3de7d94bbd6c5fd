// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/cli/text.h"
#include "core/base/json.h"
#include "tests/support/profile_builder.h"

namespace sonde {
namespace {

using test::ProfileBuilder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

Pen plain(std::size_t width = 80) { return Pen(Terminal{.utf8 = true, .width = width}); }

SymbolizedProfile older() {
  SymbolizedProfile out = ProfileBuilder()
                              .add("web:3", "main;serve;parse;memcpy@/lib/libc.so.6", 300)
                              .add("web:3", "main;serve;render", 600)
                              .add("web:3", "main;serve;compress@/lib/libz.so.1", 50)
                              .add("cron:9", "tick", 50)
                              .profile;
  out.meta.duration_ns = 10'000'000'000;
  return out;
}

SymbolizedProfile newer() {
  SymbolizedProfile out = ProfileBuilder()
                              .add("web:5", "main;serve;parse;memcpy@/lib/libc.so.7", 400)
                              .add("web:5", "main;serve;render", 470)
                              .add("web:5", "main;serve;cache", 80)
                              .add("cron:9", "tick", 50)
                              .profile;
  out.meta.duration_ns = 10'000'000'000;
  return out;
}

DiffOptions two_files() {
  DiffOptions out;
  out.before = {"old.pb.gz"};
  out.after = {"new.pb.gz"};
  return out;
}

std::string text_of(const DiffOptions& options, const Pen& pen = plain()) {
  const auto diff = render_diff({{{older()}, {newer()}}}, options, pen);
  return diff ? diff->out : "error: " + diff.error().message;
}

TEST(DiffTest, ChangesComeLargestFirstWithTheirErrorNewAndGone) {
  // 600 -> 470 of 1,000: sigma = sqrt(0.535 * 0.465 * 2 / 1000) = 2.23 points. 0 -> 80: common
  // share 0.04: sqrt(0.04 * 0.96 * 2 / 1000) = 0.876.
  EXPECT_EQ(text_of(two_files()),
            "own share of CPU, before → after (1,000 and 1,000 samples; ± = 95 %)\n"
            "all together 1.00 → 1.00 cores (0.00 ± 0.09), in 10.0 s and 10.0 s\n"
            "\n"
            "     change  before   after  function                     where\n"
            "−13.0 ± 4.5  60.0 %  47.0 %  render                       web\n"
            "+10.0 ± 4.3  30.0 %  40.0 %  memcpy                       libc.so.7\n"
            " +8.0 ± 1.8     new   8.0 %  cache                        web\n"
            " −5.0 ± 1.4   5.0 %    gone  compress                     libz.so.1\n"
            "1 more change is within the error.\n");
}

TEST(DiffTest, RowsThatAreNotShownAreCounted) {
  DiffOptions options = two_files();
  options.rows = 1;
  EXPECT_THAT(text_of(options), HasSubstr("render"));
  EXPECT_THAT(text_of(options), Not(HasSubstr("memcpy")));
  EXPECT_THAT(text_of(options), HasSubstr("3 more outside the error: -n 0 shows all.\n"));
}

TEST(DiffTest, WhatIsWithinTheErrorIsMarked) {
  DiffOptions options = two_files();
  options.all = true;
  EXPECT_THAT(text_of(options), HasSubstr("  0.0 ± 1.9 ~   5.0 %   5.0 %  tick"));
  EXPECT_THAT(text_of(options), HasSubstr("~ within the error, or fewer than 20 samples.\n"));
}

TEST(DiffTest, TwoToThreeSigmaIsMarkedAsPerhapsChance) {
  const auto before =
      ProfileBuilder().add("app", "walk", 300).add("app", "scan", 700).add("app", "x", 1).profile;
  const auto after = ProfileBuilder().add("app", "walk", 352).add("app", "scan", 648).profile;
  const auto diff = render_diff({{{before}, {after}}}, two_files(), plain());
  ASSERT_TRUE(diff);
  EXPECT_THAT(diff->out, HasSubstr("+5.2 ± 4.2 ?  30.0 %  35.2 %  walk"));
  EXPECT_THAT(diff->out, HasSubstr("of 2 with 20 samples or more, up to 1 look so by chance"));
}

TEST(DiffTest, WithoutAChangeThatIsSaid) {
  const auto diff = render_diff({{{older()}, {older()}}}, two_files(), plain());
  ASSERT_TRUE(diff);
  EXPECT_THAT(diff->out, HasSubstr("No change is outside the error (4 compared).\n"));
}

TEST(DiffTest, PathsKeepTheirEnd) {
  DiffOptions options = two_files();
  options.paths = true;
  EXPECT_THAT(text_of(options), HasSubstr("60.0 %  47.0 %  main ▸ serve ▸ render\n"));
  EXPECT_THAT(text_of(options, plain(46)), HasSubstr("40.0 %  … ▸ parse ▸ memcpy\n"));
}

TEST(DiffTest, AbsoluteIsInCores) {
  DiffOptions options = two_files();
  options.absolute = true;
  EXPECT_THAT(text_of(options), StartsWith("own CPU cores, before"));
  EXPECT_THAT(text_of(options), HasSubstr("0.600   0.470  render"));
}

TEST(DiffTest, AWideTerminalHasMoreFigures) {
  const std::string text = text_of(two_files(), plain(110));
  EXPECT_THAT(text, HasSubstr("change  before   after   total   cores  function"));
  EXPECT_THAT(text, HasSubstr("60.0 %  47.0 %   −13.0  −0.130  render"));
}

TEST(DiffTest, NoLineIsWiderThanTheTerminal) {
  for (const std::size_t width : {40U, 60U, 80U, 99U, 100U, 200U}) {
    for (const bool paths : {false, true}) {
      DiffOptions options = two_files();
      options.paths = paths;
      options.all = true;
      std::string text = text_of(options, plain(width));
      while (!text.empty()) {
        const std::string line = text.substr(0, text.find('\n'));
        EXPECT_LE(display_width(line), width) << line;
        text.erase(0, line.size() + 1);
      }
    }
  }
}

TEST(DiffTest, SidesThatAreNotAlikeAreWarnedOf) {
  SymbolizedProfile cut = newer();
  cut.stacks[0].stop = SONDE_STOP_NO_ROW;
  cut.meta.lost = {{"ring_full", 100}};
  cut.meta.notes["negative_values"] = 2;
  const auto diff = render_diff({{{older()}, {cut}}}, two_files(), plain());
  ASSERT_TRUE(diff);
  EXPECT_THAT(diff->out, HasSubstr("! after: 9.1 % of the samples lost\n"));
  EXPECT_THAT(diff->out, HasSubstr("! after: 2 samples with negative values left out"));
  EXPECT_THAT(diff->out, HasSubstr("! stacks whole: 100 % before, 60.0 % after"));
}

TEST(DiffTest, FailAboveNamesWhatGrew) {
  DiffOptions options = two_files();
  options.fail_above = 0.05;
  const auto diff = render_diff({{{older()}, {newer()}}}, options, plain());
  ASSERT_TRUE(diff);
  EXPECT_THAT(diff->grown,
              StartsWith("3 functions grew by more than 5.0 % of all CPU time\n  +10.0"));
  EXPECT_THAT(diff->grown, HasSubstr("parse (web)"));
  EXPECT_THAT(diff->grown, HasSubstr("cache (web)"));
  options.fail_above = 0.2;
  EXPECT_THAT(render_diff({{{older()}, {newer()}}}, options, plain())->grown, IsEmpty());
}

TEST(DiffTest, HostileNamesAreMadeHarmless) {
  const auto before = ProfileBuilder().add("app", "a", 100).profile;
  const auto after = ProfileBuilder().add("app", "\x1b[2J\nevil", 100).profile;
  for (const bool paths : {false, true}) {
    DiffOptions options = two_files();
    options.paths = paths;
    options.fail_above = 0.05;
    const auto diff = render_diff({{{before}, {after}}}, options, plain());
    ASSERT_TRUE(diff);
    EXPECT_THAT(diff->out, HasSubstr("\\x1b[2J\\x0aevil"));
    EXPECT_THAT(diff->out, Not(HasSubstr("\x1b")));
    EXPECT_THAT(diff->grown, HasSubstr("\\x1b[2J\\x0aevil"));
  }
}

TEST(DiffTest, JsonHasSelfAndTotalOfBothSides) {
  DiffOptions options = two_files();
  options.json = true;
  options.fail_above = 0.05;
  const auto json = parse_json(text_of(options));
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["mode"], "share");
  EXPECT_EQ((*json)["before"]["files"][0], "old.pb.gz");
  EXPECT_EQ((*json)["after"]["samples"], 1000);
  EXPECT_EQ((*json)["compared"], 5);
  EXPECT_EQ((*json)["beyond_error"], 4);
  const Json& first = (*json)["changes"][0];
  EXPECT_EQ(first["function"], "render");
  EXPECT_EQ(first["state"], "changed");
  EXPECT_NEAR(first["self"]["share_change"].get<double>(), -0.13, 1e-12);
  EXPECT_NEAR(first["self"]["share_sigma"].get<double>(), 0.0223058, 1e-6);
  EXPECT_NEAR(first["total"]["cores_change"].get<double>(), -0.13, 1e-12);
  EXPECT_EQ((*json)["changes"][2]["state"], "new");
  EXPECT_EQ((*json)["changes"][3]["state"], "gone");
  EXPECT_EQ((*json)["grown"].size(), 3U);
}

TEST(DiffTest, JsonOfPathsNamesEveryCall) {
  DiffOptions options = two_files();
  options.json = options.paths = true;
  const auto json = parse_json(text_of(options));
  ASSERT_TRUE(json);
  const Json& path = (*json)["changes"][1]["path"];
  ASSERT_EQ(path.size(), 4U);
  EXPECT_EQ(path[3]["function"], "memcpy");
  EXPECT_EQ(path[3]["image"], "/lib/libc.so.7");
}

}  // namespace
}  // namespace sonde
