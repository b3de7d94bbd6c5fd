// SPDX-License-Identifier: Apache-2.0
#include "core/model/closed_window.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

FrameWord image_frame(std::uint32_t image, std::uint64_t offset) {
  return with_image(offset, static_cast<ImageId>(image));
}

TEST(ClosedWindowTest, ImagesAreNumberedInTheOrderOfTheirUse) {
  const FrameWord kernel = SONDE_KERNEL_FRAME(0xffffffff81000000);
  const FrameWord special = (SONDE_TAG_SPECIAL << SONDE_TAG_SHIFT) |
                            (FrameWord{SONDE_SPECIAL_FIRST_WITH_AUX} << SONDE_SPECIAL_KIND_SHIFT);
  const FrameWord aux = 77;  // would be a frame of an image
  ProfileWindow window;
  window.processes = {{.tgid = 1, .name = "a", .executable = ImageId{900}},
                      {.tgid = 2, .name = "b"}};
  window.stacks = {{.stop_image = ImageId{5},
                    .frames = {kernel, special, aux, image_frame(0xffffff, 0x1fffffffff),
                               image_frame(5, 1) | SONDE_IMAGE_FP, image_frame(900, 2)}}};
  const std::vector<ImageId> old = renumber_images(window);
  EXPECT_EQ(old,
            (std::vector<ImageId>{ImageId::kNone, ImageId{900}, ImageId{5}, ImageId{0xffffff}}));
  EXPECT_EQ(window.processes[0].executable, ImageId{1});
  EXPECT_EQ(window.processes[1].executable, ImageId::kNone);
  EXPECT_EQ(window.stacks[0].stop_image, ImageId{2});
  EXPECT_EQ(window.stacks[0].frames,
            (std::vector<FrameWord>{kernel, special, aux, image_frame(3, 0x1fffffffff),
                                    image_frame(2, 1) | SONDE_IMAGE_FP, image_frame(1, 2)}));
}

}  // namespace
}  // namespace sonde
