// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/sampling_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "bpf/abi/rows.h"
#include "core/base/clock.h"
#include "tests/support/real_worker.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Keeps what it is told; the real one is in tests/bpf and tests/e2e.
class ToldSession final : public Session {
 public:
  Result<void> start() override { return {}; }
  Result<void> run(std::chrono::nanoseconds, const std::function<bool()>&,
                   const std::function<void(const SessionProgress&)>&) override {
    return {};
  }
  Result<SymbolizedProfile> finish() override { return SymbolizedProfile{}; }
  Result<void> stop() override { return {}; }
  std::vector<EndedWindow> open_windows() override { return {}; }
  [[nodiscard]] const SessionCapabilities& capabilities() const override { return none_; }
  void follow(const SamplingPlan& plan) override {
    divisors.push_back(plan.divisor);
    last = plan;
  }

  std::vector<std::uint64_t> divisors;
  SamplingPlan last;

 private:
  SessionCapabilities none_;
};

class SamplingControlTest : public testing::Test {
 protected:
  void SetUp() override {
    client_ = start_real_worker();
    ASSERT_TRUE(client_);
    control_ = std::make_unique<SamplingControl>(
        *client_, [this] { ++drops_; }, milliseconds(60));
    config_.rate_hz = 19;
  }
  // Looks for some time, of which sonde takes all in the kernel.
  void look_for(milliseconds time, double busy) {
    const std::uint64_t begin = monotonic_ns();
    const std::uint64_t end = begin + static_cast<std::uint64_t>(time.count()) * 1'000'000;
    const std::uint64_t before = bpf_ns_;
    for (std::uint64_t now = begin; now < end; now = monotonic_ns()) {
      bpf_ns_ = before + static_cast<std::uint64_t>(static_cast<double>(now - begin) * busy);
      control_->look(session_, {.bpf_ns = bpf_ns_});
      std::this_thread::sleep_for(milliseconds(1));
    }
  }
  BudgetFacts budget(const std::string& name) {
    AgentFacts facts;
    facts.rate_hz = 19;
    control_->add_facts(facts);
    const auto found = std::ranges::find(facts.budgets, name, &BudgetFacts::name);
    return found == facts.budgets.end() ? BudgetFacts{} : *found;
  }

  std::unique_ptr<SymbolizerClient> client_;
  std::unique_ptr<SamplingControl> control_;
  ToldSession session_;
  Config config_;
  int drops_ = 0;
  std::uint64_t bpf_ns_ = 0;
};

TEST_F(SamplingControlTest, BpfTimeOverTheBudgetLowersTheRateOfTheSession) {
  config_.budgets.cpu_percent = 5'000;  // fifty times what there is
  control_->configure(config_);
  control_->session_started(session_);
  look_for(milliseconds(300), 1);
  EXPECT_THAT(session_.divisors, IsEmpty());
  EXPECT_GT(budget("cpu").now, 90);
  EXPECT_EQ(budget("cpu").limit, 5'000);
  EXPECT_EQ(budget("rate").now, 19);
  config_.budgets.cpu_percent = 50;
  control_->configure(config_);
  look_for(milliseconds(600), 1);
  ASSERT_FALSE(session_.divisors.empty());
  EXPECT_EQ(session_.divisors.front(), 2U);
  EXPECT_LT(budget("rate").now, 19);
  EXPECT_THAT(budget("rate").words, HasSubstr("is kept"));
}

TEST_F(SamplingControlTest, ANewSessionIsToldWhatIsInForce) {
  config_.budgets.cpu_percent = 50;
  control_->configure(config_);
  control_->session_started(session_);
  look_for(milliseconds(600), 1);
  ASSERT_FALSE(session_.divisors.empty());
  const std::uint64_t last = session_.divisors.back();
  session_.divisors.clear();
  control_->session_started(session_);
  EXPECT_THAT(session_.divisors, ElementsAre(last));
}

TEST_F(SamplingControlTest, ABoostRaisesTheClocksAndEndsByItself) {
  config_.opt_out = {*parse_process_selector("process=secret")};
  control_->configure(config_);
  control_->session_started(session_);
  ASSERT_EQ(session_.last.rules.size(), 1U);
  EXPECT_EQ(session_.last.rules[0].divisor, SONDE_DIVISOR_NEVER);
  EXPECT_EQ(session_.last.clock, 1U);
  const auto boost =
      control_->boost(*parse_process_selector("process=web"), std::chrono::seconds(1));
  ASSERT_TRUE(boost.ok());
  EXPECT_EQ(boost->rate_hz, 95U);
  look_for(milliseconds(5), 0);
  ASSERT_EQ(session_.last.rules.size(), 2U);
  EXPECT_EQ(session_.last.rules[0].divisor, SONDE_DIVISOR_NEVER) << "opt-outs come first";
  EXPECT_EQ(session_.last.rules[1], (TargetRule{*parse_process_selector("process=web"), 1}));
  EXPECT_EQ(session_.last.clock, 5U);
  AgentFacts facts;
  control_->add_facts(facts);
  ASSERT_EQ(facts.boosts.size(), 1U);
  EXPECT_EQ(facts.boosts[0].match, "process=web");
  look_for(milliseconds(1100), 0);
  EXPECT_EQ(session_.last.clock, 1U);
  EXPECT_EQ(session_.last.rules.size(), 1U);
}

TEST_F(SamplingControlTest, ABoostEndsWhenAskedTo) {
  control_->configure(config_);
  control_->session_started(session_);
  const auto boost = control_->boost(*parse_process_selector("pid=1"), std::chrono::seconds(60));
  look_for(milliseconds(5), 0);
  EXPECT_EQ(session_.last.clock, 5U);
  EXPECT_TRUE(control_->end_boost(boost->id));
  EXPECT_FALSE(control_->end_boost(boost->id));
  look_for(milliseconds(5), 0);
  EXPECT_EQ(session_.last, SamplingPlan());
}

TEST_F(SamplingControlTest, ClocksAreNotRaisedPastTheirLimit) {
  config_.rate_hz = 499;
  control_->configure(config_);
  const auto boost = control_->boost(*parse_process_selector("pid=1"), std::chrono::seconds(60));
  EXPECT_EQ(boost->rate_hz, 998U);
}

TEST_F(SamplingControlTest, MemoryOverItsBudgetDropsCaches) {
  config_.budgets.memory_bytes = 1 << 20;  // this process alone has more
  control_->configure(config_);
  control_->session_started(session_);
  look_for(milliseconds(160), 0);
  EXPECT_EQ(drops_, 1);
  EXPECT_GT(budget("rss").now, 2e6);
  EXPECT_GE(budget("rss").peak, budget("rss").now);
}

TEST_F(SamplingControlTest, MetricsSayWhatIsInForceAndWhatWasDone) {
  config_.budgets.memory_bytes = 1 << 20;
  control_->configure(config_);
  control_->session_started(session_);
  look_for(milliseconds(160), 0);
  MetricBatch batch;
  control_->add_metrics(batch);
  double dropped = 0, divisor = 0;
  for (const MetricFamily& family : batch.families()) {
    if (family.name == "sonde_governor_steps") dropped = family.points.at(0).value;
    if (family.name == "sonde_sampling_divisor") divisor = family.points.at(0).value;
  }
  EXPECT_EQ(dropped, 1);
  EXPECT_EQ(divisor, static_cast<double>(session_.divisors.empty() ? 1 : session_.divisors.back()));
}

}  // namespace
}  // namespace sonde
