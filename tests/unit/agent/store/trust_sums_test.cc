// SPDX-License-Identifier: Apache-2.0
#include "agent/store/trust_sums.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/read_history.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

TEST(TrustSumsTest, ExecutablesWithTheMostCutStacksComeFirst) {
  WindowBuilder window(0);
  const ImageId good = window.image({"/bin/good", "", "", false});
  const ImageId bad = window.image({"/bin/bad", "", "", false});
  const auto first = window.process(1, {{"process", "good"}}, good);
  const auto second = window.process(2, {{"process", "bad"}}, bad);
  const auto third = window.process(3, {{"process", "kworker"}});
  window.stack(first, {SONDE_KERNEL_FRAME(1)}, 100);
  window.stack(first, {SONDE_KERNEL_FRAME(2)}, 7, SONDE_STOP_NO_MAPPING);
  window.stack(second, {SONDE_KERNEL_FRAME(1)}, 3, SONDE_STOP_NO_ROW);
  window.stack(second, {SONDE_KERNEL_FRAME(2)}, 2, SONDE_STOP_DEPTH);
  window.stack(third, {SONDE_KERNEL_FRAME(1)}, 4, SONDE_STOP_KERNEL_ONLY);
  TrustSums sums;
  sums.add(window.done(), {true, true, true});
  const auto executables = sums.executables();
  ASSERT_EQ(executables.size(), 3U);
  EXPECT_EQ(executables[0].path, "/bin/bad");
  EXPECT_EQ(executables[0].cut(), 5U);
  EXPECT_THAT(executables[0].stops,
              UnorderedElementsAre(Pair(SONDE_STOP_NO_ROW, 3), Pair(SONDE_STOP_DEPTH, 2)));
  EXPECT_EQ(executables[1].path, "/bin/good");
  EXPECT_EQ(executables[1].early, 7U);
  EXPECT_EQ(executables[1].cut(), 0U) << "too early is not cut";
  EXPECT_EQ(executables[2].path, "[kernel]");
  EXPECT_EQ(sums.all().samples, 116U);
  EXPECT_EQ(sums.all().whole, 104U);
}

TEST(TrustSumsTest, BooksAreOfAllAndTheRestOfTheChosen) {
  TrustSums sums;
  for (std::uint64_t number = 0; number < 3; ++number) {
    WindowBuilder window(number);
    window.stack(window.process(1, {{"process", "a"}}), {SONDE_KERNEL_FRAME(1)}, 5);
    window.stack(window.process(2, {{"process", "b"}}), {SONDE_KERNEL_FRAME(1)}, 6);
    if (number == 1) window.meta().lost["stack_limit"] = 2;
    window.meta().lost["missed"] = 0;
    sums.add(window.done(10), {false, true});
  }
  EXPECT_EQ(sums.stored(), 33U);
  EXPECT_EQ(sums.all().samples, 18U);
  EXPECT_EQ(unaccounted_ticks(sums.meta(), sums.stored()), 0U);
  EXPECT_THAT(sums.last_lost(), ElementsAre(Pair("stack_limit", kBeginNs + 2 * kTenSeconds)));
}

TEST(TrustSumsTest, ExecutablesPastTheLimitAreOne) {
  TrustSums sums;
  WindowBuilder window(0);
  constexpr std::uint32_t kMany = TrustSums::kMaxExecutables + 5;
  for (std::uint32_t i = 1; i <= kMany; ++i) {
    const ImageId image = window.image({"/bin/" + std::to_string(i), "", "", false});
    window.stack(window.process(i, {}, image), {SONDE_KERNEL_FRAME(1)});
  }
  sums.add(window.done(), std::vector<bool>(kMany, true));
  const auto executables = sums.executables();
  EXPECT_EQ(executables.size(), TrustSums::kMaxExecutables + 1);
  EXPECT_EQ(executables.front().path, "");
  EXPECT_EQ(executables.front().samples, 5U);
}

}  // namespace
}  // namespace sonde
