// SPDX-License-Identifier: Apache-2.0
#include "agent/store/window_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/read_history.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class WindowWalkTest : public ReadHistoryTest {
 protected:
  std::vector<std::uint64_t> walk(const WindowWalk& walk) {
    std::vector<std::uint64_t> numbers;
    const auto problems = walk_windows(*history_, walk, [&](const ClosedWindow& window) {
      numbers.push_back((window.meta.begin_ns - kBeginNs) / kTenSeconds);
    });
    EXPECT_TRUE(problems.ok());
    EXPECT_THAT(*problems, IsEmpty());
    return numbers;
  }
  static HistoryRange range(std::uint64_t from, std::uint64_t to) {
    return {kBeginNs + from, kBeginNs + to};
  }
};

TEST_F(WindowWalkTest, AWindowBelongsToTheRangeThatItBeginsIn) {
  for (std::uint64_t i = 0; i < 5; ++i) history_->add(closed_window_of("app", i));
  const std::vector<ClosedWindow> open{closed_window_of("app", 5), closed_window_of("app", 6)};
  EXPECT_THAT(walk({.range = kAllOfHistory}), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(walk({.range = range(kTenSeconds, 3 * kTenSeconds)}), ElementsAre(1, 2));
  EXPECT_THAT(walk({.range = range(1, 2 * kTenSeconds + 1)}), ElementsAre(1, 2));
  EXPECT_THAT(walk({.range = range(4 * kTenSeconds, 7 * kTenSeconds), .open = open}),
              ElementsAre(4, 5, 6));
  EXPECT_THAT(walk({.range = range(4 * kTenSeconds, 6 * kTenSeconds), .open = open}),
              ElementsAre(4, 5));
  EXPECT_THAT(walk({.range = range(4 * kTenSeconds, 5 * kTenSeconds), .open = open}),
              ElementsAre(4));
}

TEST_F(WindowWalkTest, AnOpenWindowThatIsStoredMeanwhileCountsOnce) {
  const std::vector<ClosedWindow> open{closed_window_of("app", 1, 3),
                                       closed_window_of("app", 2, 4)};
  for (std::uint64_t i = 0; i < 2; ++i) history_->add(closed_window_of("app", i, 5));
  std::vector<std::uint64_t> samples;
  const auto problems =
      walk_windows(*history_, {.range = kAllOfHistory, .open = open},
                   [&](const ClosedWindow& one) { samples.push_back(one.window.samples); });
  ASSERT_TRUE(problems.ok());
  EXPECT_THAT(samples, ElementsAre(5, 5, 4)) << "as it was stored: all of it";
}

TEST_F(WindowWalkTest, TargetsAreChosenByEveryCondition) {
  WindowBuilder window(0);
  window.process(1, {{"process", "web"}, {"pod", "a"}});
  window.process(2, {{"process", "web"}});
  window.process(3, {});
  const ClosedWindow done = window.done();
  EXPECT_THAT(chosen_targets(done, {}), ElementsAre(true, true, true));
  EXPECT_THAT(chosen_targets(done, *parse_selector(R"({process="web",pod=""})")),
              ElementsAre(false, true, false));
}

}  // namespace
}  // namespace sonde
