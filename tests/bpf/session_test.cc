// SPDX-License-Identifier: Apache-2.0
// The whole straight line in the running kernel: a session over a child with a known stack.
#include "agent/engine/session.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/support/require.h"

namespace sonde {
namespace {

// Noinline, not last calls: each is a frame of its own, without a frame pointer.
__attribute__((noinline)) void known_leaf() {
  while (true) __asm__ volatile("" ::: "memory");
}
__attribute__((noinline)) void known_middle() {
  known_leaf();
  __asm__ volatile("");
}
__attribute__((noinline)) void known_root() {
  known_middle();
  __asm__ volatile("");
}

class KnownChild {
 public:
  KnownChild() : pid_(::fork()) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, "known-child");
    known_root();
  }
  ~KnownChild() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  KnownChild(const KnownChild&) = delete;
  KnownChild& operator=(const KnownChild&) = delete;
  [[nodiscard]] std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }

 private:
  pid_t pid_;
};

class SessionTest : public testing::Test {
 protected:
  void SetUp() override { SONDE_NEED_BPF(); }

  static SymbolizedProfile record(SessionOptions options, std::chrono::milliseconds time) {
    options.worker_executable = SONDE_WORKER_PROGRAM;
    auto session = Session::create(std::move(options));
    EXPECT_TRUE(session.ok()) << session.error().message;
    if (!session) return {};
    // Rows of what already runs are loaded in the background: give them their moment.
    EXPECT_TRUE((*session)->start().ok());
    EXPECT_TRUE((*session)
                    ->run(
                        time, [] { return false; }, [](const SessionProgress&) {})
                    .ok());
    auto profile = (*session)->finish();
    EXPECT_TRUE(profile.ok());
    return profile ? std::move(*profile) : SymbolizedProfile{};
  }

  static std::string names(const SymbolizedProfile& profile, const ProfileStack& stack) {
    std::string out;
    for (const std::uint32_t frame : stack.frames) {
      out += profile.functions[profile.frames[frame].function].name + " < ";
    }
    return out;
  }
};

TEST_F(SessionTest, AKnownStackComesBackWholeAndNamed) {
  const KnownChild child;
  const auto profile = record({.rate_hz = 499, .pids = {child.pid()}}, std::chrono::seconds(2));
  std::uint64_t whole = 0, all = 0, unpublished = 0;
  std::map<std::string, std::uint64_t> wrong;
  for (const ProfileStack& stack : profile.stacks) {
    all += stack.samples;
    const std::string chain = names(profile, stack);
    const bool right = chain.find("known_leaf") != std::string::npos &&
                       chain.find("known_middle") != std::string::npos &&
                       chain.find("known_root") != std::string::npos &&
                       chain.find("main < ") != std::string::npos && chain.ends_with("_start < ");
    if (stack.stop == SONDE_STOP_NO_MAPPING) {
      unpublished += stack.samples;
    } else if (right && stack.stop == SONDE_STOP_COMPLETE) {
      whole += stack.samples;
    } else {
      wrong[std::string(stop_name(stack.stop)) + ": " + chain] += stack.samples;
    }
  }
  for (const auto& [chain, count] : wrong) std::printf("%lu x %s\n", count, chain.c_str());
  EXPECT_GT(all, 100U);
  EXPECT_LT(unpublished * 2, all);
  EXPECT_GE(whole * 100, (all - unpublished) * 99);
}

TEST_F(SessionTest, TheBooksOfAProfileBalance) {
  const KnownChild child;
  const auto profile = record({.rate_hz = 199}, std::chrono::seconds(1));
  const TickLedger& ticks = profile.meta.ticks;
  std::uint64_t stored = 0, lost_kernel = 0, lost_user = 0;
  for (const ProfileStack& stack : profile.stacks) stored += stack.samples;
  for (const auto& [reason, count] : profile.meta.lost) {
    if (reason == "ring_full" || reason == "no_scratch") lost_kernel += count;
    if (reason == "stack_limit" || reason == "damaged_record") lost_user += count;
  }
  EXPECT_EQ(ticks.expected, ticks.missed + ticks.run);
  EXPECT_EQ(ticks.run, ticks.idle + ticks.filtered + ticks.thinned + ticks.emitted + lost_kernel);
  EXPECT_EQ(ticks.emitted, stored + lost_user);
}

TEST_F(SessionTest, APidThatDoesNotExistIsSaid) {
  SessionOptions options{.pids = {4'000'000}};
  options.worker_executable = SONDE_WORKER_PROGRAM;
  const auto session = Session::create(std::move(options));
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.error().code, ErrorCode::kNotFound);
  EXPECT_NE(session.error().message.find("4000000"), std::string::npos);
}

}  // namespace
}  // namespace sonde
