// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/flame_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/support/sample_profile.h"

namespace sonde {
namespace {

using testing::ElementsAre;

constexpr std::size_t kUnlimited = 10'000'000;

std::string name_of(const FlameTree& tree, std::size_t node) {
  return tree.names[tree.frames[tree.nodes[node].frame].name];
}

// Sums, levels and order of any tree.
void expect_sound(const FlameTree& tree) {
  std::vector<std::uint64_t> children(tree.nodes.size());
  std::vector<std::uint64_t> previous(tree.nodes.size(), ~0ULL);
  std::uint64_t self = 0;
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    const FlameNode& node = tree.nodes[i];
    self += node.self;
    if (i == 0) continue;
    ASSERT_LT(node.parent, i);
    EXPECT_EQ(node.level, tree.nodes[node.parent].level + 1);
    EXPECT_LE(node.total, previous[node.parent]) << "siblings are not sorted at " << i;
    previous[node.parent] = node.total;
    children[node.parent] += node.total;
  }
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    EXPECT_EQ(tree.nodes[i].total, children[i] + tree.nodes[i].self);
  }
  EXPECT_EQ(self, tree.nodes[0].total);
}

TEST(FlameTreeTest, GroupsByProcessNameThenFrames) {
  const FlameTree tree = FlameTree::build(small_profile(), kUnlimited);
  expect_sound(tree);
  EXPECT_EQ(tree.tick_ns, 10'101'010U);
  EXPECT_FALSE(tree.weighted);
  EXPECT_EQ(tree.nodes[0].total, 100U);
  EXPECT_EQ(tree.trust.samples, 100U);
  EXPECT_EQ(tree.trust.whole, 94U);
  EXPECT_EQ(name_of(tree, 0), "all of node web-7");
  EXPECT_EQ(name_of(tree, 1), "worker");
  EXPECT_EQ(tree.nodes[1].total, 80U);
  EXPECT_EQ(name_of(tree, 2), "_start");
  EXPECT_EQ(name_of(tree, 5), "app::spin(int)");
  EXPECT_EQ(tree.nodes[5].self, 60U);
}

TEST(FlameTreeTest, CutStacksBeginWithTheReason) {
  const FlameTree tree = FlameTree::build(small_profile(), kUnlimited);
  bool seen = false;
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    const FlameFrame& frame = tree.frames[tree.nodes[i].frame];
    if (frame.kind != FlameKind::kStackCut) continue;
    seen = true;
    EXPECT_EQ(name_of(tree, i), "stack cut: no unwind row in worker");
    EXPECT_EQ(frame.reason, "no_row");
    EXPECT_EQ(tree.nodes[i].level, 2U);
    EXPECT_EQ(tree.nodes[i].total, 6U);
  }
  EXPECT_TRUE(seen);
}

TEST(FlameTreeTest, SamplesBeforeTheirCodeWasKnownCountApart) {
  SymbolizedProfile profile = small_profile();
  profile.stacks[3].stop = SONDE_STOP_NO_MAPPING;
  const FlameTree tree = FlameTree::build(profile, kUnlimited);
  EXPECT_EQ(tree.trust.early, 6U);
  EXPECT_EQ(tree.trust.whole, 94U);
}

TEST(FlameTreeTest, PidsOfAGroupAreCountedOnce) {
  SymbolizedProfile profile = small_profile();
  profile.processes[1].name = "worker";
  const FlameTree tree = FlameTree::build(profile, kUnlimited);
  bool seen = false;
  for (const FlameGroup& group : tree.groups) {
    if (tree.names[tree.frames[group.frame].name] != "worker") continue;
    seen = true;
    EXPECT_EQ(group.pids, (std::vector<std::uint32_t>{1412, 2207}));
  }
  EXPECT_TRUE(seen);
}

TEST(FlameTreeTest, DifferentWeightsMakeTicksOfMicroseconds) {
  SymbolizedProfile profile = small_profile();
  profile.stacks[0].cpu_ns *= 3;
  const FlameTree tree = FlameTree::build(profile, kUnlimited);
  expect_sound(tree);
  EXPECT_TRUE(tree.weighted);
  EXPECT_EQ(tree.tick_ns, 1000U);
  EXPECT_EQ(tree.trust.samples, 100U);
  std::uint64_t samples = 0;
  for (const FlameNode& node : tree.nodes) samples += node.self_samples;
  EXPECT_EQ(samples, 100U);
  EXPECT_NEAR(static_cast<double>(tree.nodes[0].total), 220 * 10'101.01, 10);
}

TEST(FlameTreeTest, OverTheLimitTheLightestAreFoldedAndSumsStayExact) {
  const SymbolizedProfile profile = node_profile();
  const FlameTree whole = FlameTree::build(profile, kUnlimited);
  for (const std::size_t limit : {16U, 100U, 1000U, 3000U}) {
    const FlameTree tree = FlameTree::build(profile, limit);
    expect_sound(tree);
    EXPECT_LE(tree.nodes.size(), limit);
    EXPECT_GE(tree.nodes.size(), limit * 9 / 10) << "more was folded than needed";
    EXPECT_EQ(tree.nodes[0].total, whole.nodes[0].total);
    std::size_t folded = 0;
    std::uint64_t ticks = 0;
    std::set<std::uint32_t> parents;
    for (const FlameNode& node : tree.nodes) {
      if (tree.frames[node.frame].kind != FlameKind::kFolded) continue;
      ++folded;
      ticks += node.self;
      EXPECT_TRUE(parents.insert(node.parent).second) << "two folded children of one parent";
    }
    EXPECT_EQ(tree.folded_ticks, ticks);
    EXPECT_EQ(tree.nodes.size() - folded + tree.folded_nodes, whole.nodes.size());
  }
}

TEST(FlameTreeTest, LargeProfilesFitThePage) {
  const FlameTree tree = FlameTree::build(large_profile(60'000), 20'000);
  expect_sound(tree);
  EXPECT_LE(tree.nodes.size(), 20'000U);
  EXPECT_GT(tree.folded_nodes, 20'000U);
}

TEST(FlameTreeTest, AbsurdDepthEndsInOneFoldedFrame) {
  SymbolizedProfile profile = small_profile();
  profile.stacks[0].frames.assign(100'000, 0);
  const FlameTree tree = FlameTree::build(profile, kUnlimited);
  expect_sound(tree);
  for (const FlameNode& node : tree.nodes) EXPECT_LE(node.level, kMaxFlameLevel);
}

TEST(FlameTreeTest, AnEmptyProfileIsARoot) {
  const FlameTree tree = FlameTree::build(SymbolizedProfile{}, kUnlimited);
  ASSERT_EQ(tree.nodes.size(), 1U);
  EXPECT_EQ(tree.nodes[0].total, 0U);
}

// Names of the nodes with their levels: ` ` for each.
std::vector<std::string> outline(const FlameTree& tree) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    out.push_back(std::string(tree.nodes[i].level, ' ') + name_of(tree, i));
  }
  return out;
}

// web: main > a (4), main > b (2); cron: main (1)
SymbolizedProfile three_stacks() {
  ProfileMaker maker;
  const std::uint32_t image = maker.image("/usr/bin/app");
  const std::uint32_t main = maker.frame("main", image, Origin::kOwn);
  const std::uint32_t web = maker.process(7, "web");
  maker.stack(web, {maker.frame("a", image, Origin::kOwn), main}, 4);
  maker.stack(web, {maker.frame("b\n", image, Origin::kOwn), main}, 2).stop = SONDE_STOP_NO_MAPPING;
  maker.stack(maker.process(9, "cron"), {main}, 1);
  return maker.profile;
}

TEST(FlameTreeTest, RowsTakeThePlaceOfTheProcess) {
  const SymbolizedProfile profile = three_stacks();
  const FlameTree two = FlameTree::build(
      profile, {.max_nodes = kUnlimited,
                .rows = {{.names = {"shop", "pod-1"}, .pids = {7, 8}}, {.names = {"", "pod-1"}}}});
  expect_sound(two);
  EXPECT_THAT(outline(two), ElementsAre("all of node ", " shop", "  pod-1", "   main", "    a",
                                        "   stack cut: code range not known yet", "    main",
                                        "     b\n", " [unknown]", "  pod-1", "   main"))
      << "one row for each label, the heaviest first";
  ASSERT_EQ(two.groups.size(), 1U);
  EXPECT_EQ(two.names[two.frames[two.groups[0].frame].name], "pod-1");
  EXPECT_EQ(two.groups[0].pids, (std::vector<std::uint32_t>{7, 8}));
  const FlameTree none = FlameTree::build(profile, {.max_nodes = kUnlimited, .rows = {{}, {}}});
  EXPECT_EQ(outline(none).at(1), " main") << "of both processes";
  EXPECT_EQ(none.nodes.at(1).total, 5U);
  EXPECT_TRUE(none.groups.empty());
}

TEST(FlameTreeTest, ARootLeavesWhatIsBelowIt) {
  const SymbolizedProfile profile = three_stacks();
  const auto below = [&](const std::vector<FlameStep>& root) {
    return FlameTree::build(profile, {.max_nodes = kUnlimited, .root = root});
  };
  const FlameTree tree = below({{"web", {}}, {"main", "app"}});
  expect_sound(tree);
  EXPECT_THAT(outline(tree), ElementsAre("main", " a"));
  EXPECT_EQ(tree.trust.samples, 4U);
  EXPECT_EQ(tree.trust.early, 0U);
  EXPECT_EQ(tree.names.size(), 2U) << "what is elsewhere is not sent";
  EXPECT_EQ(tree.frames.size(), 2U);
  const FlameTree web = below({{"web", ""}});
  EXPECT_EQ(web.trust.samples, 6U);
  EXPECT_EQ(web.trust.early, 2U);
  EXPECT_EQ(web.groups.size(), 1U);
  for (const std::vector<FlameStep>& missing :
       {std::vector<FlameStep>{{"web", {}}, {"main", "other"}},
        {{"web", {}}, {"a", {}}},
        {{"x", {}}}}) {
    const FlameTree empty = below(missing);
    EXPECT_EQ(empty.nodes.size(), 1U);
    EXPECT_EQ(empty.nodes[0].total, 0U);
    EXPECT_EQ(empty.trust.samples, 0U);
  }
}

TEST(FlameTreeTest, ARootIsNamedAsItIsShown) {
  ProfileMaker maker;
  const std::uint32_t frame = maker.frame("b\n", maker.image("/a\tb/c\td"), Origin::kOwn);
  maker.stack(maker.process(7, "web"), {frame}, 4);
  const FlameTree tree = FlameTree::build(
      maker.profile, {.max_nodes = kUnlimited, .root = {{"web", {}}, {"b\\x0a", "c\\x09d"}}});
  EXPECT_EQ(tree.nodes[0].total, 4U);
}

TEST(FlameTreeTest, TwoSidesShareOneTree) {
  SymbolizedProfile profile = three_stacks();
  std::vector<ProfileStack> before = {profile.stacks[0], profile.stacks[1]};
  before[0].samples = 1;
  before[0].cpu_ns = 10'101'010;
  before[1].samples = 9;
  before[1].cpu_ns = 9 * 10'101'010ULL;
  profile.stacks.erase(profile.stacks.begin() + 1);
  const FlameTree tree = FlameTree::build(profile, {.max_nodes = kUnlimited, .before = &before});
  EXPECT_FALSE(tree.weighted);
  EXPECT_EQ(tree.nodes[0].total, 5U);
  EXPECT_EQ(tree.nodes[0].before_total, 10U);
  EXPECT_EQ(tree.trust.samples, 5U);
  EXPECT_EQ(tree.before.samples, 10U);
  EXPECT_EQ(tree.before.early, 9U);
  EXPECT_EQ(tree.trust.early, 0U);
  std::uint64_t self = 0;
  std::uint64_t other = 0;
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    self += tree.nodes[i].self;
    other += tree.nodes[i].before;
    if (name_of(tree, i) == "b\n") {
      EXPECT_EQ(tree.nodes[i].self, 0U) << "a node of the other side alone";
    }
  }
  EXPECT_EQ(self, 5U);
  EXPECT_EQ(other, 10U);
  before[0].cpu_ns += 1;
  EXPECT_TRUE(FlameTree::build(profile, {.max_nodes = kUnlimited, .before = &before}).weighted);
}

TEST(FlameTreeTest, FoldingKeepsTheSumsOfBothSides) {
  const SymbolizedProfile profile = node_profile();
  std::vector<ProfileStack> before = profile.stacks;
  std::reverse(before.begin(), before.end());
  before.resize(before.size() / 2);
  const FlameTree whole = FlameTree::build(profile, {.max_nodes = kUnlimited, .before = &before});
  const FlameTree tree = FlameTree::build(profile, {.max_nodes = 200, .before = &before});
  EXPECT_LE(tree.nodes.size(), 200U);
  std::uint64_t self = 0;
  std::uint64_t other = 0;
  for (const FlameNode& node : tree.nodes) {
    self += node.self;
    other += node.before;
  }
  EXPECT_EQ(self, whole.nodes[0].total);
  EXPECT_EQ(other, whole.nodes[0].before_total);
  EXPECT_LE(tree.frames.size(), 200U) << "frames without a node are left out";
}

}  // namespace
}  // namespace sonde
