// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/flame_paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

using testing::ElementsAre;

const ProfileStack kStack{};

class FlamePathsTest : public testing::Test {
 protected:
  void add(const std::vector<std::uint32_t>& frames, std::uint64_t ticks) {
    paths_.add(frames, {.ticks = ticks, .samples = 1}, kStack, false);
  }
  // `FRAME+SELF/TOTAL` of each node that is left, and `(FRAME` of each that is entered.
  [[nodiscard]] std::vector<std::string> walk() const {
    std::vector<std::string> out;
    std::vector<std::uint32_t> open;
    paths_.walk(
        [&](std::uint32_t frame) {
          out.push_back("(" + std::to_string(frame));
          open.push_back(frame);
        },
        [&](const FlameSums& self, const FlameSums& total) {
          out.push_back(std::to_string(open.back()) + "+" + std::to_string(self.ticks) + "/" +
                        std::to_string(total.ticks));
          open.pop_back();
        });
    return out;
  }

  FlamePaths paths_;
};

TEST_F(FlamePathsTest, NodesComeInPreOrderWithTheirSums) {
  add({5, 7}, 4);
  add({5, 6, 8}, 2);
  add({5}, 1);
  add({5, 7}, 8);
  add({}, 16);
  paths_.sort();
  EXPECT_THAT(walk(), ElementsAre("(0", "(5", "(6", "(8", "8+2/2", "6+0/2", "(7", "7+12/12",
                                  "5+1/15", "0+16/31"));
  EXPECT_EQ(paths_.count_nodes(), 5U);
}

TEST_F(FlamePathsTest, TheHeaviestChildThatFitsIsTheNewRoot) {
  add({1, 2}, 1);
  add({2, 2}, 3);
  add({2, 3}, 3);
  add({3, 2}, 5);
  add({4}, 100);
  paths_.sort();
  const auto below_four = [](std::uint32_t frame) { return frame < 4; };
  ASSERT_TRUE(paths_.enter_heaviest(below_four));
  EXPECT_THAT(walk(), ElementsAre("(2", "(2", "2+3/3", "(3", "3+3/3", "2+0/6"));
  ASSERT_TRUE(paths_.enter_heaviest([](std::uint32_t frame) { return frame == 3; }));
  EXPECT_THAT(walk(), ElementsAre("(3", "3+3/3"));
  EXPECT_EQ(paths_.paths().size(), 1U);
  EXPECT_FALSE(paths_.enter_heaviest(below_four));
  EXPECT_THAT(walk(), ElementsAre("(0", "0+0/0"));
  EXPECT_TRUE(paths_.paths().empty());
}

TEST_F(FlamePathsTest, WithoutAPathThereIsTheRoot) {
  paths_.sort();
  EXPECT_THAT(walk(), ElementsAre("(0", "0+0/0"));
  EXPECT_EQ(paths_.count_nodes(), 1U);
}

}  // namespace
}  // namespace sonde
