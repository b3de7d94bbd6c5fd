// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/governor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace sonde {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kMiB = 1 << 20;

// A host whose costs follow from the rate: a reading a second.
class GovernorTest : public testing::Test {
 protected:
  struct Step {
    std::uint64_t second;
    GovernorStep step;
    bool operator==(const Step&) const = default;
  };

  void SetUp() override { governor_.set({.cpu_percent = 1, .memory_bytes = 100 * kMiB}, 19); }

  void run(std::uint64_t seconds) {
    for (std::uint64_t i = 0; i < seconds; ++i, ++second_) {
      const GovernorDecision decision = governor_.take({.now_ns = (second_ + 5) * kSecond,
                                                        .cpu_seconds = cpu_seconds_,
                                                        .memory_bytes = memory_ * kMiB});
      cpu_seconds_ += percent_(static_cast<double>(governor_.divisor())) / 100;
      if (decision.step == GovernorStep::kDropCaches) memory_ -= cached_;
      if (decision.step != GovernorStep::kNone) {
        steps_.push_back({second_, decision.step});
        why_ = decision.why;
      }
    }
  }

  Governor governor_;
  std::function<double(double)> percent_ = [](double) { return 0.1; };  // of the divisor
  std::uint64_t memory_ = 50, cached_ = 0;                              // MiB
  std::vector<Step> steps_;
  std::string why_;
  std::uint64_t second_ = 0;
  double cpu_seconds_ = 7;
};

TEST_F(GovernorTest, WithinItsBudgetsItDoesNothing) {
  percent_ = [](double) { return 0.99; };
  memory_ = 99;
  run(3600);
  EXPECT_THAT(steps_, ElementsAre());
  EXPECT_NEAR(governor_.cpu_percent(), 0.99, 1e-9);
  EXPECT_NEAR(governor_.memory_bytes(), 99.0 * kMiB, 1);
  EXPECT_EQ(governor_.divisor(), 1U);
}

TEST_F(GovernorTest, TheFirstMinuteIsNotJudged) {
  percent_ = [](double) { return 30.0; };
  run(60);
  percent_ = [](double) { return 0.5; };
  run(600);
  EXPECT_THAT(steps_, ElementsAre());
}

TEST_F(GovernorTest, CpuOverItsBudgetHalvesTheRateOnceAMinuteUntilItFits) {
  percent_ = [](double divisor) { return 3.3 / divisor; };
  run(1200);
  EXPECT_THAT(steps_, ElementsAre(Step{120, GovernorStep::kLowerRate},
                                  Step{180, GovernorStep::kLowerRate}));
  EXPECT_EQ(governor_.divisor(), 4U);
  EXPECT_THAT(why_, HasSubstr("CPU 1.65 % of 1 %, memory 50.0 MiB of 100 MiB in the last 60 s: "
                              "one tick of 4 is kept"));
  EXPECT_EQ(governor_.why(), why_);
  EXPECT_EQ(governor_.counts().rate_lowered, 2U);
}

TEST_F(GovernorTest, ABurstShorterThanTheAverageChangesNothing) {
  run(300);
  percent_ = [](double) { return 20.0; };
  run(2);
  percent_ = [](double) { return 0.1; };
  run(600);
  EXPECT_THAT(steps_, ElementsAre()) << "0.4 s of a minute";
}

TEST_F(GovernorTest, TheRateIsNeverBelowOneTickASecond) {
  percent_ = [](double) { return 5.0; };
  run(3600);
  EXPECT_EQ(governor_.divisor(), 16U);
  EXPECT_EQ(steps_.size(), 4U);
}

TEST_F(GovernorTest, MemoryOverItsBudgetCostsCachesFirst) {
  cached_ = 60;
  memory_ = 120;
  run(600);
  EXPECT_THAT(steps_, ElementsAre(Step{120, GovernorStep::kDropCaches}));
  EXPECT_THAT(why_, HasSubstr("memory 120.0 MiB of 100 MiB"));
  memory_ = 130;  // they have filled again
  run(600);
  EXPECT_EQ(steps_.size(), 2U);
  EXPECT_EQ(governor_.counts().caches_dropped, 2U);
  EXPECT_EQ(governor_.divisor(), 1U);
}

TEST_F(GovernorTest, MemoryThatCachesDoNotExplainCostsTheRate) {
  cached_ = 5;
  memory_ = 120;
  run(241);
  EXPECT_THAT(steps_,
              ElementsAre(Step{120, GovernorStep::kDropCaches}, Step{180, GovernorStep::kLowerRate},
                          Step{240, GovernorStep::kLowerRate}));
}

TEST_F(GovernorTest, TheRateComesBackWhenThereHasBeenRoomForAWhile) {
  percent_ = [](double divisor) { return 3.3 / divisor; };
  run(200);
  ASSERT_EQ(governor_.divisor(), 4U);
  percent_ = [](double) { return 0.1; };
  steps_.clear();
  run(600);
  ASSERT_EQ(steps_.size(), 2U);
  EXPECT_GE(steps_[0].second, 200 + 120U);
  EXPECT_EQ(steps_[1].step, GovernorStep::kRaiseRate);
  EXPECT_EQ(governor_.divisor(), 1U);
  EXPECT_EQ(governor_.why(), "");
  EXPECT_THAT(why_, HasSubstr("every tick is kept again"));
}

TEST_F(GovernorTest, ARateThatDoesNotHoldIsTriedMoreAndMoreSeldom) {
  percent_ = [](double divisor) { return divisor == 1 ? 1.5 : 0.5; };  // it fits only when halved
  run(24 * 3600);
  ASSERT_GT(steps_.size(), 10U);
  std::vector<std::uint64_t> raised;
  for (const Step& step : steps_) {
    if (step.step == GovernorStep::kRaiseRate) raised.push_back(step.second);
  }
  EXPECT_LT(raised[1] - raised[0], 600U);
  EXPECT_GE(raised.back() - raised[raised.size() - 2], 3600U);
  EXPECT_LT(raised.size(), 35U) << "about one an hour";
}

TEST_F(GovernorTest, WithoutBudgetsNothingIsJudged) {
  governor_.set({}, 19);
  percent_ = [](double) { return 90.0; };
  memory_ = 100'000;
  run(3600);
  EXPECT_THAT(steps_, ElementsAre());
}

TEST_F(GovernorTest, NewBudgetsBeginWithTheFullRate) {
  percent_ = [](double divisor) { return 3.3 / divisor; };
  run(200);
  governor_.set({.cpu_percent = 10, .memory_bytes = 0}, 99);
  EXPECT_EQ(governor_.divisor(), 1U);
  steps_.clear();
  run(600);
  EXPECT_THAT(steps_, ElementsAre());
}

}  // namespace
}  // namespace sonde
