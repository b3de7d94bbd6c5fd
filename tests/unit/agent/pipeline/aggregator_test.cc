// SPDX-License-Identifier: Apache-2.0
#include "agent/pipeline/aggregator.h"

#include <gtest/gtest.h>

#include <vector>

namespace sonde {
namespace {

Sample sample_of(const std::vector<FrameWord>& frames, std::uint32_t tgid = 1) {
  return {.tgid = tgid, .start_ticks = 5, .process_name = "p", .weight_ns = 10, .frames = frames};
}

TEST(AggregatorTest, EqualStacksOfOneProcessAreCountedTogether) {
  Aggregator aggregator;
  const std::vector<FrameWord> a{1, 2, 3}, b{1, 2, 4};
  EXPECT_TRUE(aggregator.add(sample_of(a)));
  EXPECT_TRUE(aggregator.add(sample_of(a)));
  EXPECT_TRUE(aggregator.add(sample_of(b)));
  const ProfileWindow window = aggregator.take();
  ASSERT_EQ(window.stacks.size(), 2U);
  EXPECT_EQ(window.stacks[0].samples, 2U);
  EXPECT_EQ(window.stacks[0].cpu_ns, 20U);
  EXPECT_EQ(window.samples, 3U);
}

TEST(AggregatorTest, ProcessStopAndNameSeparateStacks) {
  Aggregator aggregator;
  const std::vector<FrameWord> frames{1};
  aggregator.add(sample_of(frames, 1));
  aggregator.add(sample_of(frames, 2));
  Sample cut = sample_of(frames, 1);
  cut.stop = 3;
  aggregator.add(cut);
  Sample renamed = sample_of(frames, 1);
  renamed.process_name = "q";
  aggregator.add(renamed);
  const ProfileWindow window = aggregator.take();
  EXPECT_EQ(window.stacks.size(), 4U);
  EXPECT_EQ(window.processes.size(), 3U);
}

TEST(AggregatorTest, StacksPastTheLimitAreRefusedButKnownOnesStillCount) {
  Aggregator aggregator({.max_stacks = 1, .max_frame_words = 100});
  const std::vector<FrameWord> a{1}, b{2};
  EXPECT_TRUE(aggregator.add(sample_of(a)));
  EXPECT_FALSE(aggregator.add(sample_of(b))) << "stack_limit";
  EXPECT_TRUE(aggregator.add(sample_of(a)));
  EXPECT_EQ(aggregator.take().samples, 2U);
}

TEST(AggregatorTest, ATakenWindowLeavesAnEmptyOne) {
  Aggregator aggregator;
  const std::vector<FrameWord> a{1};
  aggregator.add(sample_of(a));
  (void)aggregator.take();
  EXPECT_EQ(aggregator.window().samples, 0U);
  aggregator.add(sample_of(a));
  EXPECT_EQ(aggregator.take().stacks.size(), 1U);
}

}  // namespace
}  // namespace sonde
