// SPDX-License-Identifier: Apache-2.0
// With real readers' threads and the real completer; this thread stands for the session's.
#include "agent/daemon/live_windows.h"

#include <gtest/gtest.h>

#include <barrier>
#include <chrono>
#include <future>
#include <vector>

#include "core/base/clock.h"
#include "tests/support/read_history.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;

class LiveWindowsTest : public ReadHistoryTest {
 protected:
  void SetUp() override {
    ReadHistoryTest::SetUp();
    completer_ = std::make_unique<WindowCompleter>(*names_, *client_);
  }
  // An ended window and an open one; each copy says when it was made.
  std::vector<EndedWindow> copy() {
    ++copies_;
    std::vector<EndedWindow> out(2);
    for (EndedWindow& one : out) {
      one.closed = WindowBuilder(0).done();
      one.closed.meta.begin_ns = monotonic_ns();
    }
    return out;
  }

  std::unique_ptr<WindowCompleter> completer_;
  const WakeEvent wake_;
  int copies_ = 0;
};

TEST_F(LiveWindowsTest, WhoAsksAtTheSameTimeIsAnsweredWithTheSameWindow) {
  constexpr int kReaders = 6;
  for (int round = 0; round < 20; ++round) {
    LiveWindows live(*completer_, wake_, std::chrono::seconds(60));
    std::barrier begin(kReaders);
    std::vector<std::future<bool>> readers;
    for (int i = 0; i < kReaders; ++i) {
      readers.push_back(std::async(std::launch::async, [&] {
        begin.arrive_and_wait();
        const std::uint64_t asked_ns = monotonic_ns();
        const auto windows = live.read();
        return windows.size() == 2 && windows[0].meta.begin_ns + LiveWindows::kFreshNs >= asked_ns;
      }));
    }
    copies_ = 0;
    for (std::future<bool>& reader : readers) {
      while (reader.wait_for(milliseconds(1)) != std::future_status::ready) {
        live.serve([this] { return copy(); });
      }
      EXPECT_TRUE(reader.get()) << "round " << round;
    }
    EXPECT_GE(copies_, 1);
  }
}

TEST_F(LiveWindowsTest, ACopyThatComesTooLateIsNotUsed) {
  LiveWindows live(*completer_, wake_, milliseconds(5));
  EXPECT_TRUE(live.read().empty()) << "no session";
  live.serve([this] { return copy(); });
  EXPECT_EQ(copies_, 0) << "nobody waits any more";
  EXPECT_TRUE(live.read().empty()) << "what was left behind is no answer";
}

TEST_F(LiveWindowsTest, ACopyIsGoodForAllWhoAskSoonAfter) {
  LiveWindows live(*completer_, wake_, std::chrono::seconds(60));
  auto reader = std::async(std::launch::async, [&] { return live.read(); });
  while (reader.wait_for(milliseconds(1)) != std::future_status::ready) {
    live.serve([this] { return copy(); });
  }
  const auto first = reader.get();
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(copies_, 1);
  if (monotonic_ns() < first[0].meta.begin_ns + LiveWindows::kFreshNs / 2) {
    const auto again = live.read();
    ASSERT_EQ(again.size(), 2U);
    EXPECT_EQ(again[0].meta.begin_ns, first[0].meta.begin_ns);
  }
}

}  // namespace
}  // namespace sonde
