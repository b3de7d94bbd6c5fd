// SPDX-License-Identifier: Apache-2.0
#include "agent/process/stale_code.h"

#include <gtest/gtest.h>

#include <vector>

#include "bpf/abi/frame.h"

namespace sonde {
namespace {

FrameWord frame_in(unsigned image) {
  return (FrameWord{image} << SONDE_IMAGE_GENERATION_SHIFT) | 0x1234;
}
const std::vector<FrameWord> kFrames{SONDE_KERNEL_FRAME(0xffffffff81000000), frame_in(1),
                                     frame_in(2), frame_in(1)};

TEST(StaleCodeTest, AWalkThroughReplacedCodeIsCutWhereItEntersIt) {
  StaleCode stale;
  stale.add(10, 100, ImageId{2});
  EXPECT_EQ(stale.certain_frames(10, 150, kFrames), 2U);
  EXPECT_EQ(stale.certain_frames(10, 99, kFrames), 4U);   // before it happened
  EXPECT_EQ(stale.certain_frames(11, 150, kFrames), 4U);  // another process
}

TEST(StaleCodeTest, AnExecMakesEveryUserFrameUncertain) {
  StaleCode stale;
  stale.add(10, 100, ImageId::kNone);
  EXPECT_EQ(stale.certain_frames(10, 150, kFrames), 1U);  // the kernel frame stays
}

TEST(StaleCodeTest, AfterPublicationWalksAreCertainAgain) {
  StaleCode stale;
  stale.add(10, 100, ImageId{2});
  stale.published(200);
  stale.add(10, 300, ImageId{2});
  stale.published(400);
  EXPECT_EQ(stale.certain_frames(10, 200, kFrames), 2U);
  EXPECT_EQ(stale.certain_frames(10, 250, kFrames), 4U);
  EXPECT_EQ(stale.certain_frames(10, 350, kFrames), 2U);
  stale.forget_before(300);
  EXPECT_EQ(stale.certain_frames(10, 150, kFrames), 4U);
  EXPECT_EQ(stale.certain_frames(10, 350, kFrames), 2U);
}

}  // namespace
}  // namespace sonde
