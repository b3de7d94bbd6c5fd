// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/node_choice.h"

#include <gtest/gtest.h>

#include <random>

namespace sonde {
namespace {

const ProfileStack kStack{};

FlamePaths random_paths(std::uint32_t seed, std::uint64_t most_ticks) {
  std::mt19937 random(seed);
  FlamePaths paths;
  for (int i = 0; i < 2'000; ++i) {
    std::vector<std::uint32_t> frames(1 + random() % 20);
    for (std::uint32_t& frame : frames) frame = 1 + static_cast<std::uint32_t>(random() % 3);
    paths.add(frames, {.ticks = 1 + random() % most_ticks}, kStack, false);
  }
  paths.sort();
  return paths;
}

// How many nodes a walk keeps; none of them may be without its parent.
std::size_t kept(const FlamePaths& paths, std::size_t max_nodes) {
  NodeChoice choice(paths, max_nodes);
  std::vector<bool> has_kept;
  std::size_t count = 0;
  std::size_t at_a_time = 0;
  const auto leave = [&](const FlameSums&, const FlameSums& total) {
    const bool below = has_kept.back();
    has_kept.pop_back();
    const bool stays = choice.keeps(total.weight(), below);
    EXPECT_TRUE(stays || !below) << "a node without its parent";
    if (!stays) return;
    ++count;
    if (!has_kept.empty()) has_kept.back() = true;
  };
  const auto enter = [&](std::uint32_t) {
    has_kept.push_back(false);
    at_a_time = std::max(at_a_time, count + has_kept.size());
  };
  paths.walk(enter, leave);
  EXPECT_LE(at_a_time, choice.most_nodes());
  return count;
}

TEST(NodeChoiceTest, TheHeaviestStayAndAreNotManyMoreThanAskedFor) {
  for (const std::uint64_t most_ticks : {1U, 3U, 1'000'000U}) {
    const FlamePaths paths = random_paths(1, most_ticks);
    ASSERT_GT(paths.count_nodes(), 5'000U);
    for (const std::size_t max_nodes : {16U, 300U, 4'000U}) {
      const std::size_t nodes = kept(paths, max_nodes);
      EXPECT_GE(nodes, max_nodes) << most_ticks;
      EXPECT_LE(nodes, max_nodes + 20) << "a path more than that, where many weigh the same";
    }
  }
}

TEST(NodeChoiceTest, AllStayWhereThereIsRoom) {
  const FlamePaths paths = random_paths(2, 5);
  EXPECT_EQ(kept(paths, paths.count_nodes()), paths.count_nodes());
}

}  // namespace
}  // namespace sonde
