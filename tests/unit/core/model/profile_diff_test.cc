// SPDX-License-Identifier: Apache-2.0
#include "core/model/profile_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/profile_builder.h"

namespace sonde {
namespace {

using test::ProfileBuilder;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::string counts(const SidePair& pair) {
  return std::to_string(pair[0].samples) + ">" + std::to_string(pair[1].samples);
}

// `name self/total`, samples of both sides.
std::vector<std::string> rows_of(const ProfileDiff& diff, DiffBy by) {
  std::vector<std::string> out;
  for (const DiffRow& row : diff.rows(by)) {
    out.push_back(std::string(diff.items(by)[row.item].name) + " " + counts(row.self) + " " +
                  counts(row.total));
  }
  return out;
}

std::vector<std::string> functions_of(const SymbolizedProfile& before,
                                      const SymbolizedProfile& after) {
  return rows_of(ProfileDiff({&before, 1}, {&after, 1}), DiffBy::kFunction);
}

TEST(ProfileDiffTest, FunctionsHaveTheirSumsOnBothSides) {
  ProfileBuilder before;
  before.add("app", "main;parse;read", 3).add("app", "main;old", 2);
  ProfileBuilder after;
  after.add("app", "main;parse;parse", 5).add("app", "main;new", 1);
  EXPECT_THAT(functions_of(before.profile, after.profile),
              UnorderedElementsAre("main 0>0 5>6", "parse 0>5 3>5", "read 3>0 3>0", "old 2>0 2>0",
                                   "new 0>1 0>1"));
}

TEST(ProfileDiffTest, ImagesAndProcesses) {
  ProfileBuilder before;
  before.add("app:3", "main;read@/lib/libc.so.6", 3).add("app:4", "main", 2);
  ProfileBuilder after;
  after.add("app:9", "main;read@/lib/libc.so.6;vfs_read@[kernel.kallsyms]", 4);
  const ProfileDiff diff({&before.profile, 1}, {&after.profile, 1});
  EXPECT_THAT(rows_of(diff, DiffBy::kImage),
              UnorderedElementsAre("/usr/bin/app 2>0 5>4", "/lib/libc.so.6 3>0 3>4",
                                   "[kernel.kallsyms] 0>4 0>4"));
  EXPECT_THAT(rows_of(diff, DiffBy::kProcess), ElementsAre("app 5>4 5>4"));
}

TEST(ProfileDiffTest, SeveralProfilesOfASideAddUp) {
  std::vector<SymbolizedProfile> before(2);
  before[0] = ProfileBuilder().add("app", "main", 3).profile;
  before[1] = ProfileBuilder().add("app", "main;f", 4).profile;
  before[0].meta.duration_ns = before[1].meta.duration_ns = 2'500'000'000;
  const SymbolizedProfile after = ProfileBuilder().add("app", "main", 1).profile;
  const ProfileDiff diff(before, {&after, 1});
  EXPECT_THAT(rows_of(diff, DiffBy::kFunction), UnorderedElementsAre("main 3>1 7>1", "f 4>0 4>0"));
  EXPECT_EQ(diff.side(0).all.samples, 7U);
  EXPECT_DOUBLE_EQ(diff.side(0).all.sum, 7.0 * ProfileBuilder::kTickNs);
  EXPECT_DOUBLE_EQ(diff.side(0).seconds, 5);
  EXPECT_EQ(diff.side(1).seconds, 0);
  before[1].meta.duration_ns = 0;
  EXPECT_EQ(ProfileDiff(before, {&after, 1}).side(0).seconds, 0) << "one duration is not known";
}

TEST(ProfileDiffTest, FoldersAndVersionsOfImagesDoNotMatter) {
  ProfileBuilder before;
  before.add("app", "f@/old/libssl.so.1.1", 1).add("app", "main@/build/1/app", 2);
  ProfileBuilder after;
  after.add("app", "f@/new/libssl.so.3", 1).add("app", "main@/build/2/app (deleted)", 2);
  EXPECT_THAT(functions_of(before.profile, after.profile),
              UnorderedElementsAre("f 1>1 1>1", "main 2>2 2>2"));
  EXPECT_EQ(image_key("/lib/libc.so.6"), "libc.so");
  EXPECT_EQ(image_key("/lib/foo.so"), "foo.so");
  EXPECT_EQ(image_key("/opt/my.sort"), "my.sort");
  EXPECT_EQ(image_key("[vdso]"), "[vdso]");
}

TEST(ProfileDiffTest, TheSameNameInAnotherImageIsAnotherFunction) {
  const auto before = ProfileBuilder().add("app", "init@/lib/a.so", 2).profile;
  const auto after = ProfileBuilder().add("app", "init@/lib/b.so", 2).profile;
  EXPECT_THAT(functions_of(before, after), UnorderedElementsAre("init 2>0 2>0", "init 0>2 0>2"));
}

TEST(ProfileDiffTest, TheKernelIsOneImageUnderAnyOfItsNames) {
  auto before = ProfileBuilder().add("app", "schedule@[kernel.kallsyms]", 2).profile;
  auto after = before;
  for (ProfileImage& image : after.images) {
    if (!image.path.empty()) image.path = "/usr/lib/debug/vmlinux-6.1";
  }
  EXPECT_THAT(functions_of(before, after), ElementsAre("schedule 2>2 2>2"));
}

TEST(ProfileDiffTest, HashesOfOneBuildDoNotMatter) {
  EXPECT_EQ(function_key("core::fmt::write::h0123456789abcdef"), "core::fmt::write");
  EXPECT_EQ(function_key("work.llvm.1234567"), "work");
  EXPECT_EQ(function_key("work.llvm.x"), "work.llvm.x");
  EXPECT_EQ(function_key("a::h0123456789abcdeg"), "a::h0123456789abcdeg");
  EXPECT_EQ(function_key("::h0123456789abcdef"), "::h0123456789abcdef");
  EXPECT_EQ(function_key(".llvm.1"), ".llvm.1");
  EXPECT_EQ(function_key("f.part.0"), "f.part.0");
}

TEST(ProfileDiffTest, AddressesOfAnotherBuildAreNotCompared) {
  auto before = ProfileBuilder().add("app", "app+0x10@?/bin/app", 2).profile;
  auto after = ProfileBuilder()
                   .add("app", "app+0x10@?/bin/app", 3)
                   .add("app", "app+0x20@?/bin/app", 4)
                   .profile;
  before.images.back().build_id = "aa";
  after.images.back().build_id = "aa";
  EXPECT_THAT(functions_of(before, after),
              UnorderedElementsAre("app+0x10 2>3 2>3", "app+0x20 0>4 0>4"));
  after.images.back().build_id = "bb";
  EXPECT_THAT(functions_of(before, after), ElementsAre("(unnamed) 2>7 2>7"));
}

TEST(ProfileDiffTest, PathsAreCommonToBothSides) {
  ProfileBuilder before;
  before.add("app", "main;a;b", 3).add("app", "main;a", 1);
  ProfileBuilder after;
  after.add("app", "main;a;b", 2).add("app", "main;c", 7);
  const ProfileDiff diff({&before.profile, 1}, {&after.profile, 1});
  std::vector<std::string> lines;
  const std::vector<DiffNode> tree = diff.call_tree();
  for (std::size_t i = 1; i < tree.size(); ++i) {
    EXPECT_LT(tree[i].parent, i);
    lines.push_back(std::to_string(tree[i].parent) + " " +
                    std::string(diff.items(DiffBy::kFunction)[tree[i].function].name) + " " +
                    counts(tree[i].total));
  }
  EXPECT_THAT(lines, ElementsAre("0 main 4>9", "1 a 4>2", "2 b 3>2", "1 c 0>7"));
  EXPECT_EQ(counts(tree[0].total), "4>9");
}

TEST(ProfileDiffTest, StacksWithoutFramesCountInTheWhole) {
  SymbolizedProfile before = ProfileBuilder().add("app", "main", 3).profile;
  before.stacks.push_back({.process = 0, .samples = 2, .cpu_ns = 20, .frames = {}});
  const ProfileDiff diff({&before, 1}, {&before, 1});
  EXPECT_EQ(diff.side(0).all.samples, 5U);
  EXPECT_THAT(rows_of(diff, DiffBy::kFunction), ElementsAre("main 3>3 3>3"));
}

}  // namespace
}  // namespace sonde
