// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/flame_tree.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/sample_profile.h"

namespace sonde {
namespace {

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
  EXPECT_EQ(tree.samples, 100U);
  EXPECT_EQ(tree.whole_samples, 94U);
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
  EXPECT_EQ(tree.early_samples, 6U);
  EXPECT_EQ(tree.whole_samples, 94U);
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
  EXPECT_EQ(tree.samples, 100U);
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

}  // namespace
}  // namespace sonde
