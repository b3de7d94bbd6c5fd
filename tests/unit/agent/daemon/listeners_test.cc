// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/listeners.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "core/base/clock.h"
#include "tests/support/http_client.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;

// The page has one answer, `/slow`, that takes until it is let go.
class ListenersTest : public testing::Test {
 protected:
  ListenersTest()
      : listeners_(
            "host", metrics_, [] { return Readiness{}; },
            [this](Router& router) {
              router.get("/slow", [this](const HttpRequest&) {
                asked_.store(true);
                go_.wait();
                return HttpResponse{.body = "done"};
              });
            }) {
    config_.listen = {.ip = "127.0.0.1", .port = 0};
  }
  ~ListenersTest() override {
    let_go();
    EXPECT_TRUE(listeners_.stop(milliseconds(5000)));
  }

  [[nodiscard]] std::uint16_t port() const {
    const std::string url = listeners_.url();
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  }
  void ask() {
    client_.connect(port());
    client_.send("GET /slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    while (!asked_.load()) std::this_thread::sleep_for(milliseconds(1));
  }
  void let_go() {
    if (!gone_) let_go_.set_value();
    gone_ = true;
  }

  MetricsPage metrics_;
  Config config_;
  std::atomic<bool> asked_ = false;
  bool gone_ = false;
  std::promise<void> let_go_;
  std::shared_future<void> go_ = let_go_.get_future().share();
  Listeners listeners_;
  HttpClient client_;
};

TEST_F(ListenersTest, AnAnswerThatTakesLongHoldsUpNoReload) {
  ASSERT_TRUE(listeners_.apply(config_).ok());
  ask();
  const std::uint16_t before = port();
  const std::uint64_t begin = monotonic_ns();
  config_.listen = {.ip = "127.0.0.2", .port = 0};
  ASSERT_TRUE(listeners_.apply(config_).ok());
  EXPECT_LT(monotonic_ns() - begin, 1'000'000'000U);
  EXPECT_TRUE(listeners_.url().starts_with("http://127.0.0.2:"));
  config_.listen = {.ip = "127.0.0.1", .port = before};
  EXPECT_TRUE(listeners_.apply(config_).ok()) << "the address is free";
}

TEST_F(ListenersTest, StopWaitsAsLongAsItMayAndSaysSo) {
  ASSERT_TRUE(listeners_.apply(config_).ok());
  ask();
  EXPECT_FALSE(listeners_.stop(milliseconds(20)));
  EXPECT_EQ(listeners_.url(), "");
  let_go();
  EXPECT_TRUE(listeners_.stop(milliseconds(5000)));
}

}  // namespace
}  // namespace sonde
