// SPDX-License-Identifier: Apache-2.0
// Processes that are opted out, in the running kernel: nothing of them is in a window, and their
// ticks are accounted for.
#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/engine/session.h"
#include "bpf/abi/rows.h"
#include "core/base/clock.h"
#include "tests/support/require.h"
#include "tests/support/spinner.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;

TargetRule rule(const std::string& text, std::uint64_t divisor) {
  return {*parse_process_selector(text), divisor};
}

class TargetDivisorsTest : public testing::Test {
 protected:
  void SetUp() override {
    SONDE_NEED_BPF();
    auto session = Session::create(
        {.rate_hz = 199,
         .window_ns = 500'000'000,
         .on_window = [this](EndedWindow&& window) { windows_.push_back(std::move(window)); },
         .worker_executable = SONDE_WORKER_PROGRAM});
    ASSERT_TRUE(session.ok()) << session.error().message;
    session_ = std::move(*session);
  }
  // Samples under these rules, for at most 30 s, until `enough` says so: it is asked each look.
  void run(const SamplingPlan& plan, const std::function<bool()>& enough) {
    session_->follow(plan);
    ASSERT_TRUE(session_->start().ok());
    ASSERT_TRUE(session_->run(std::chrono::seconds(30), enough, [](const auto&) {}).ok());
    ASSERT_TRUE(session_->stop().ok());
    for (const EndedWindow& window : windows_) {
      const ProfileMeta& meta = window.closed.meta;
      EXPECT_EQ(meta.notes.count("unaccounted"), 0U);
      EXPECT_EQ(meta.ticks.emitted, window.closed.window.samples);
      EXPECT_EQ(meta.ticks.run,
                meta.ticks.idle + meta.ticks.filtered + meta.ticks.thinned + meta.ticks.emitted);
    }
    add_up();
  }
  // Of the windows so far, by process name.
  void add_up() {
    samples_.clear();
    cpu_ns_.clear();
    filtered_ = 0;
    for (const EndedWindow& window : windows_) {
      filtered_ += window.closed.meta.ticks.filtered;
      for (const WindowStack& stack : window.closed.window.stacks) {
        const WindowProcess& process = window.closed.window.processes[stack.process];
        samples_[process.name] += stack.samples;
        cpu_ns_[process.name] += stack.cpu_ns;
      }
    }
  }

  std::unique_ptr<Session> session_;
  std::vector<EndedWindow> windows_;
  std::map<std::string, std::uint64_t> samples_, cpu_ns_;  // by process name
  std::uint64_t filtered_ = 0;
};

TEST_F(TargetDivisorsTest, WhoIsOptedOutIsInNoWindowAlsoIfItComesLater) {
  const Spinner secret("secret"), open("open");
  std::unique_ptr<Spinner> later;
  std::size_t came = 0;  // windows by then
  run({.rules = {rule("process=secret", SONDE_DIVISOR_NEVER)}}, [&] {
    add_up();
    if (!later && windows_.size() >= 2) {
      later = std::make_unique<Spinner>("secret");
      came = windows_.size();
    }
    return later && windows_.size() >= came + 4 && samples_["open"] > 50 && filtered_ > 50;
  });
  EXPECT_EQ(samples_.count("secret"), 0U);
  EXPECT_GT(samples_["open"], 50U);
  EXPECT_GT(filtered_, 50U);
  std::uint64_t left_out = 0;
  for (const EndedWindow& window : windows_) {
    const auto& notes = window.closed.meta.notes;
    if (const auto found = notes.find("opted_out"); found != notes.end()) left_out += found->second;
  }
  EXPECT_GT(left_out, 0U) << "the first sample tells who it is";
  EXPECT_LT(left_out * 2, filtered_) << "the kernel filters, once it knows";
}

TEST_F(TargetDivisorsTest, IdCgroupAndProgramChooseAsWell) {
  const Spinner one("chosen"), other("chosen");
  const std::string pid = std::to_string(one.pid());
  const auto samples_of = [&](const Spinner& spinner) {
    std::uint64_t sum = 0;
    for (const EndedWindow& window : windows_) {
      for (const WindowStack& stack : window.closed.window.stacks) {
        const WindowProcess& process = window.closed.window.processes[stack.process];
        sum += process.tgid == spinner.pid() ? stack.samples : 0;
      }
    }
    return sum;
  };
  run({.rules = {rule(R"({pid=")" + pid + R"(",cgroup=~"/.*",image=~".*bpf_session_test"})",
                      SONDE_DIVISOR_NEVER)}},
      [&] {
        add_up();
        return samples_of(other) > 30 && filtered_ > 30;
      });
  EXPECT_EQ(samples_of(one), 0U);
  EXPECT_GT(samples_of(other), 30U);
  EXPECT_GT(filtered_, 30U);
}

// Takes another name after a second.
void become_known() {
  static const std::uint64_t begin = monotonic_ns();
  static bool done = false;
  if (done || monotonic_ns() < begin + 1'000'000'000) return;
  ::prctl(PR_SET_NAME, "known");
  done = true;
}

TEST_F(TargetDivisorsTest, WhoChangesItsNameIsJudgedAnew) {
  const Spinner spinner("secret", become_known);
  run({.rules = {rule("process=secret", SONDE_DIVISOR_NEVER)}}, [&] {
    add_up();
    return samples_["known"] > 30;
  });
  EXPECT_EQ(samples_.count("secret"), 0U);
  EXPECT_GT(samples_["known"], 30U);
}

TEST_F(TargetDivisorsTest, ARuleSparesFromTheDivisorOfAll) {
  const Spinner every("every"), other("other");
  run({.divisor = 8, .rules = {rule("process=every", 1)}}, [&] {
    add_up();
    return samples_["other"] > 10 && samples_["every"] > 100;
  });
  ASSERT_GT(samples_["other"], 10U);
  EXPECT_EQ(cpu_ns_["other"] / samples_["other"], 8 * (1'000'000'000U / 199));
  // Its first sample has the weight of all others'.
  EXPECT_LT(cpu_ns_["every"] / samples_["every"], 2 * (1'000'000'000U / 199));
}

// Weights of a process in each window from `first` on.
std::set<std::uint64_t> weights_of(const std::vector<EndedWindow>& windows, std::size_t first,
                                   const std::string& name) {
  std::set<std::uint64_t> weights;
  for (std::size_t i = first; i < windows.size(); ++i) {
    for (const WindowStack& stack : windows[i].closed.window.stacks) {
      const WindowProcess& process = windows[i].closed.window.processes[stack.process];
      if (process.name == name) weights.insert(stack.cpu_ns / stack.samples);
    }
  }
  return weights;
}

TEST_F(TargetDivisorsTest, FasterClocksAreForTheirTargetsAlone) {
  constexpr std::uint64_t kSlow = 1'000'000'000 / 199;
  constexpr std::uint64_t kFast = 1'000'000'000 / (5 * 199);
  const Spinner every("every"), other("other");
  run({.clock = 5, .rules = {rule("process=every", 1)}}, [&] {
    add_up();
    return windows_.size() >= 5 && samples_["other"] > 20 && samples_["every"] > 100;
  });
  EXPECT_EQ(weights_of(windows_, 0, "other"), std::set<std::uint64_t>{5 * kFast});
  EXPECT_NEAR(5.0 * kFast, kSlow, 5) << "as without faster clocks";
  EXPECT_EQ(weights_of(windows_, 2, "every"), std::set<std::uint64_t>{kFast});
}

TEST_F(TargetDivisorsTest, WithoutItsRuleAProcessIsAsAllOthersAgain) {
  const Spinner secret("secret");
  bool freed = false;
  run({.rules = {rule("process=secret", SONDE_DIVISOR_NEVER)}}, [&] {
    add_up();
    if (!freed && filtered_ > 30) {
      freed = true;
      session_->follow({});
    }
    return samples_["secret"] > 30;
  });
  EXPECT_GT(samples_["secret"], 30U);
  EXPECT_GT(filtered_, 30U);
}

}  // namespace
}  // namespace sonde
