// SPDX-License-Identifier: Apache-2.0
#include "core/base/extent_allocator.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace sonde {
namespace {

TEST(ExtentAllocatorTest, FreedNeighboursMergeAgain) {
  ExtentAllocator space(100);
  const auto a = space.allocate(30), b = space.allocate(30), c = space.allocate(40);
  ASSERT_TRUE(a && b && c);
  EXPECT_FALSE(space.allocate(1));
  space.release(*a, 30);
  space.release(*c, 40);
  EXPECT_EQ(space.largest_free(), 40U);
  space.release(*b, 30);
  EXPECT_EQ(space.largest_free(), 100U);
  EXPECT_EQ(space.used(), 0U);
}

TEST(ExtentAllocatorTest, RandomUseNeverHandsOutAnIndexTwice) {
  constexpr std::uint32_t kSize = 500;
  ExtentAllocator space(kSize);
  std::vector<bool> taken(kSize);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> held;
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 2 == 0 || held.empty()) {
      const auto count = static_cast<std::uint32_t>(1 + random() % 20);
      const auto first = space.allocate(count);
      if (!first) continue;
      for (std::uint32_t at = *first; at < *first + count; ++at) {
        ASSERT_FALSE(taken[at]);
        taken[at] = true;
      }
      held.emplace_back(*first, count);
    } else {
      std::swap(held[random() % held.size()], held.back());
      const auto [first, count] = held.back();
      held.pop_back();
      space.release(first, count);
      for (std::uint32_t at = first; at < first + count; ++at) taken[at] = false;
    }
  }
}

}  // namespace
}  // namespace sonde
