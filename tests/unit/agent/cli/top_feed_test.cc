// SPDX-License-Identifier: Apache-2.0
// Over the real worker.
#include "agent/cli/top_feed.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <future>

#include "tests/support/real_worker.h"

namespace sonde {
namespace {

EndedWindow window_of(std::uint64_t begin_ns, std::uint64_t duration_ns = 2'000'000'000) {
  EndedWindow out;
  out.closed.meta.begin_ns = begin_ns;
  out.closed.meta.duration_ns = duration_ns;
  out.closed.window.processes = {{.tgid = 7, .start_ticks = 1, .name = "made"}};
  out.closed.window.stacks = {{.samples = 1, .cpu_ns = 1, .frames = {}}};
  out.closed.targets = {{{"cgroup", "/web.slice"}}};
  out.closed.target_of_process = {0};
  out.files.resize(1);
  return out;
}

class TopFeedTest : public testing::Test {
 protected:
  void SetUp() override {
    client_ = start_real_worker();
    ASSERT_TRUE(client_);
  }

  std::unique_ptr<SymbolizerClient> client_;
};

TEST_F(TopFeedTest, AWindowIsNamedAndKnowsItsOwnProcesses) {
  std::promise<std::shared_ptr<const TopWindow>> promise;
  TopFeed feed(*client_, 0, [&](auto window) { promise.set_value(std::move(window)); });
  feed.take(window_of(5));
  const auto window = promise.get_future().get();
  EXPECT_EQ(window->profile.meta.begin_ns, 5U);
  EXPECT_EQ(window->profile.processes.at(0).name, "made");
  EXPECT_EQ(window->cgroups, std::vector<std::string>{"/web.slice"});
  EXPECT_EQ(window->own_pids.front(), static_cast<std::uint32_t>(::getpid()));
  EXPECT_EQ(window->own_pids.back(), static_cast<std::uint32_t>(client_->worker_pids().at(0)));
  EXPECT_FALSE(window->profile.meta.notes.contains("windows_left_out"));
}

TEST_F(TopFeedTest, WindowsThatComeWhileNamesAreLookedUpAreCounted) {
  std::promise<void> entered;
  std::promise<void> release;
  std::promise<std::shared_ptr<const TopWindow>> last;
  bool is_first = true;
  TopFeed feed(*client_, 0, [&](auto window) {
    if (!std::exchange(is_first, false)) return last.set_value(std::move(window));
    entered.set_value();
    release.get_future().wait();
  });
  feed.take(window_of(1));
  entered.get_future().wait();
  for (std::uint64_t i = 2; i <= 5; ++i) feed.take(window_of(i));
  release.set_value();
  const auto window = last.get_future().get();
  EXPECT_EQ(window->profile.meta.begin_ns, 5U);
  EXPECT_EQ(window->profile.meta.notes.at("windows_left_out"), 3U);
}

TEST_F(TopFeedTest, ShortWindowsAreLeftOut) {
  std::promise<std::shared_ptr<const TopWindow>> promise;
  TopFeed feed(*client_, 1'000'000'000, [&](auto window) { promise.set_value(std::move(window)); });
  feed.take(window_of(1, 999'999'999));
  feed.take(window_of(2, 1'000'000'000));
  EXPECT_EQ(promise.get_future().get()->profile.meta.begin_ns, 2U);
}

}  // namespace
}  // namespace sonde
