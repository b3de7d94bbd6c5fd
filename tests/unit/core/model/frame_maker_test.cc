// SPDX-License-Identifier: Apache-2.0
#include "core/model/frame_maker.h"

#include <gtest/gtest.h>

#include "core/model/reason.h"

namespace sonde {
namespace {

class FrameMakerTest : public testing::Test {
 protected:
  [[nodiscard]] std::string name(const ProfileFrame& frame) const {
    return profile_.functions.at(frame.function).name;
  }
  [[nodiscard]] std::string image(const ProfileFrame& frame) const {
    return profile_.images.at(frame.image).path;
  }
  SymbolizedProfile profile_;
  FrameMaker maker_{profile_};
};

TEST_F(FrameMakerTest, FunctionsAndImagesAreThereOnce) {
  EXPECT_EQ(maker_.function("f"), maker_.function("f", "f")) << "stored only where it differs";
  EXPECT_NE(maker_.function("f"), maker_.function("f", "_f"));
  EXPECT_NE(maker_.image("/a"), maker_.image("/a", "5d1e"));
  EXPECT_EQ(profile_.functions.size(), 3U);
  EXPECT_EQ(profile_.images.size(), 3U);
}

TEST_F(FrameMakerTest, CodeOfAFile) {
  const ProfileFrame named = maker_.of_file(
      0x1234 | SONDE_IMAGE_FP, {.path = "/bin/app", .own = true}, {.function = "main"});
  EXPECT_EQ(name(named), "main");
  EXPECT_EQ(image(named), "/bin/app");
  EXPECT_EQ(named.origin, Origin::kOwn);
  EXPECT_EQ(named.address, 0x1234U);
  EXPECT_TRUE(named.fp_step);
  const ProfileFrame bare =
      maker_.of_file(0x1234, {.path = "/lib/libc.so.6", .begin = 0x1200}, {.reason = "no_symbols"});
  EXPECT_EQ(name(bare), "libc.so.6+0x1200");
  EXPECT_EQ(bare.origin, Origin::kUnresolved);
  EXPECT_EQ(bare.reason, "no_symbols");
  EXPECT_FALSE(bare.fp_step);
  EXPECT_EQ(maker_.of_file(1, {.path = "x"}, {.function = "f"}).origin, Origin::kLibrary);
}

TEST_F(FrameMakerTest, CodeOfTheKernel) {
  const FrameWord word = SONDE_KERNEL_FRAME(0xffffffff81000010);
  const ProfileFrame named = maker_.of_kernel(word, {.function = "schedule"}, kKernelImage);
  EXPECT_EQ(name(named), "schedule");
  EXPECT_EQ(named.origin, Origin::kKernel);
  EXPECT_EQ(named.address, 0xffffffff81000010);
  const ProfileFrame bare = maker_.of_kernel(word, {.reason = "no_symbol"}, kKernelImage);
  EXPECT_EQ(name(bare), "[kernel]+0xffffffff81000010");
  EXPECT_EQ(image(bare), "[kernel.kallsyms]");
  EXPECT_EQ(bare.origin, Origin::kUnresolved);
}

TEST_F(FrameMakerTest, CodeWithoutAFile) {
  const FrameWord made = kUnknownCode | kAnonymousCode | 0x7000;
  EXPECT_EQ(name(maker_.of_made_code(made, {.function = "hot"})), "hot");
  EXPECT_EQ(image(maker_.of_made_code(made, {.function = "hot"})), "[jit]");
  EXPECT_EQ(maker_.of_made_code(made, {.reason = "no_code_map"}).reason, "no_code_map");
  EXPECT_EQ(maker_.of_made_code(made, {.reason = "x"}).address, 0x7000U);
  const ProfileFrame unknown = maker_.of_address(kUnknownCode | SONDE_USER_FP | 0x99);
  EXPECT_EQ(name(unknown), "[unknown code]");
  EXPECT_EQ(unknown.reason, to_string(CodeReason::kNoRange));
  EXPECT_EQ(unknown.address, 0x99U);
  EXPECT_TRUE(unknown.fp_step);
}

}  // namespace
}  // namespace sonde
