// SPDX-License-Identifier: Apache-2.0
#include "agent/store/stack_merger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/read_history.h"

namespace sonde {
namespace {

using testing::ElementsAre;

const ImageIdentity kApp{"/bin/app", "", std::string(64, 'a'), false};

void add(StackMerger& merger, const ClosedWindow& window, std::size_t side = 0) {
  merger.add(window, std::vector<bool>(window.targets.size(), true), side);
}

TEST(StackMergerTest, AStackIsItsGroupItsEndAndItsFrames) {
  WindowBuilder window(0);
  const ImageId app = window.image(kApp);
  const auto one = window.process(1, {{"process", "a"}}, app);
  const auto two = window.process(2, {{"process", "b"}}, app);
  const auto also_one = window.process(3, {{"process", "a"}, {"pid", "3"}}, app);
  window.stack(one, {with_image(1, app)}, 1);
  window.stack(also_one, {with_image(1, app)}, 2);
  window.stack(two, {with_image(1, app)}, 4);
  window.stack(one, {with_image(1, app)}, 8, SONDE_STOP_NO_ROW, app);
  window.stack(one, {with_image(1, app)}, 16, SONDE_STOP_NO_ROW);
  window.stack(one, {with_image(1 | SONDE_IMAGE_FP, app)}, 32);
  window.stack(one, {with_image(1, app), with_image(1, app)}, 64);
  StackMerger merger({"process"}, {});
  add(merger, window.done());
  std::vector<std::uint64_t> samples;
  for (const MergedStack& stack : merger.take_stacks()) samples.push_back(stack.samples[0]);
  EXPECT_THAT(samples, ElementsAre(3, 4, 8, 16, 32, 64));
  const auto groups = merger.take_groups();
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_THAT(groups[0].values, ElementsAre("a"));
  EXPECT_THAT(groups[0].pids, ElementsAre(1, 3));
}

TEST(StackMergerTest, CodeIsKnownByItsFileNotByItsNumber) {
  StackMerger merger({}, {});
  for (std::uint64_t number = 0; number < 2; ++number) {
    WindowBuilder window(number);
    if (number == 1) window.image({"/bin/other", "", std::string(64, 'b'), false});
    const ImageId app = window.image(kApp);
    const auto process = window.process(1, {}, app);
    window.stack(process, {with_image(1, app)}, 1);
    add(merger, window.done());
  }
  EXPECT_EQ(merger.frames().size(), 1U);
  EXPECT_EQ(merger.take_stacks().size(), 1U);
}

TEST(StackMergerTest, CodeOfOneProcessIsNotThatOfAnother) {
  WindowBuilder window(0);
  const ImageId app = window.image(kApp);
  const auto made = [&](char content) {
    return static_cast<std::uint32_t>(window.image({"[jit]", "", std::string(64, content), false}));
  };
  const FrameWord word = (SONDE_TAG_USER_PC << SONDE_TAG_SHIFT) | kAnonymousCode | 0x1000;
  const auto one = window.process(1, {}, app, made('1'));
  const auto two = window.process(2, {}, app, made('2'));
  const auto other = window.process(3, {}, ImageId::kNone, 0);
  window.stack(one, {word, with_image(1, app)});
  window.stack(two, {word, with_image(1, app)});
  window.stack(other, {word, with_image(1, app)});
  StackMerger merger({}, {});
  add(merger, window.done());
  EXPECT_EQ(merger.frames().size(), 5U) << "three of made code; the file's, as own and as other";
  EXPECT_EQ(merger.take_stacks().size(), 3U);
}

TEST(StackMergerTest, SidesShareStacks) {
  StackMerger merger({}, {});
  add(merger, closed_window_of("app", 0, 5), 1);
  add(merger, closed_window_of("app", 0, 7), 0);
  const auto stacks = merger.take_stacks();
  ASSERT_EQ(stacks.size(), 1U);
  EXPECT_THAT(stacks.front().samples, ElementsAre(7, 5));
}

TEST(StackMergerTest, PidsStayFewHoweverManyWindowsThereAre) {
  StackMerger merger({}, {});
  for (std::uint64_t number = 0; number < 3'000; ++number) {
    WindowBuilder window(number);
    window.process(1, {});
    window.process(2, {});
    add(merger, window.done());
  }
  EXPECT_THAT(merger.take_groups().at(0).pids, ElementsAre(1, 2));
}

TEST(StackMergerTest, TheLastProcessesOfAFileAreKnown) {
  StackMerger merger({}, {});
  for (const std::uint32_t pid : {1U, 2U, 3U, 2U, 4U, 4U, 2U}) {
    WindowBuilder window(pid);
    const ImageId app = window.image(kApp);
    window.stack(window.process(pid, {}, app), {with_image(1, app)});
    add(merger, window.done());
  }
  ASSERT_EQ(merger.frames().size(), 1U);
  EXPECT_THAT(merger.pids_of(merger.frames()[0].source), ElementsAre(2, 4, 3));
  EXPECT_TRUE(merger.pids_of(0).empty());
}

TEST(StackMergerTest, TargetsThatAreNotChosenLeaveNothing) {
  WindowBuilder window(0);
  window.stack(window.process(1, {{"process", "a"}}), {SONDE_KERNEL_FRAME(1)});
  window.stack(window.process(2, {{"process", "b"}}), {SONDE_KERNEL_FRAME(2)});
  StackMerger merger({"process"}, {});
  merger.add(window.done(), {false, true}, 0);
  EXPECT_EQ(merger.frames().size(), 1U);
  const auto groups = merger.take_groups();
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_THAT(groups.front().values, ElementsAre("b"));
}

}  // namespace
}  // namespace sonde
