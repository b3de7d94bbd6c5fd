// SPDX-License-Identifier: Apache-2.0
// Over real sockets of this machine, with clients of every kind.
#include "agent/web/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/base/sanitizer.h"
#include "tests/support/http_client.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr std::size_t kMiB = std::size_t{1024} * 1024;
const std::string kGet = "GET /small HTTP/1.1\r\nHost: localhost\r\n\r\n";
const std::string kGetLarge = "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n";

// `/small`, `/large` (8 MiB), and the same behind `/wait`: answered when the test opens the gate.
class HttpServerTest : public ::testing::Test {
 protected:
  void start(const HttpServerOptions& options = {}) {
    auto server = HttpServer::start(
        ListenAddress{}, [this](const HttpRequest& request) { return answer(request); }, options);
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = *std::move(server);
  }
  void TearDown() override { open_gate(); }

  [[nodiscard]] std::uint16_t port() const { return server_->address().port; }
  [[nodiscard]] std::uint64_t refused(HttpRefusal refusal) const {
    return server_->counts().refused[static_cast<std::size_t>(refusal)];
  }

  // The loop counts after it has answered.
  void expect_refused(HttpRefusal refusal, std::uint64_t times) const {
    becomes_true([&] { return refused(refusal) == times; });
    EXPECT_EQ(refused(refusal), times) << label_of(refusal);
  }

  void open_gate() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  // Until so many requests wait at the gate.
  void await_waiting(int count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(arrived_.wait_for(lock, seconds(10), [&] { return waiting_ >= count; }));
  }
  // Until what the loop's thread does has happened; 10 s at most.
  static bool becomes_true(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + seconds(10);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  std::unique_ptr<HttpServer> server_;

 private:
  HttpResponse answer(const HttpRequest& request) {
    if (request.path.starts_with("/wait")) {
      std::unique_lock lock(mutex_);
      ++waiting_;
      arrived_.notify_all();
      opened_.wait(lock, [this] { return open_; });
    }
    if (request.path.ends_with("/large")) return {.body = std::string(8 * kMiB, 'x')};
    return {.content_type = "text/plain",
            .body = request.method + " " + request.path +
                    (request.from_loopback ? " from this machine" : "")};
  }

  std::mutex mutex_;
  std::condition_variable opened_;
  std::condition_variable arrived_;
  bool open_ = false;
  int waiting_ = 0;
};

TEST_F(HttpServerTest, AConnectionCarriesManyRequests) {
  start();
  HttpClient client(port());
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client.get("/small"), 200) << i;
  EXPECT_EQ(server_->counts().accepted, 1U);
  EXPECT_EQ(server_->counts().connections, 1U);
  EXPECT_EQ(server_->counts().answers[2], 100U);
}

TEST_F(HttpServerTest, RequestsThatAreSentAheadAreAnsweredInOrder) {
  start();
  HttpClient client(port());
  std::string requests;
  for (int i = 0; i < 20; ++i) {
    requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  }
  ASSERT_TRUE(client.send(requests));
  client.end_of_requests();
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(client.answer(), HasSubstr("\r\n\r\nGET /" + std::to_string(i)));
  }
  EXPECT_TRUE(client.ends());
}

TEST_F(HttpServerTest, ARequestMayComeByteByByte) {
  start();
  HttpClient client(port());
  for (const char c : kGet) ASSERT_TRUE(client.send(std::string(1, c)));
  EXPECT_THAT(client.answer(), HasSubstr("GET /small from this machine"));
}

TEST_F(HttpServerTest, ARequestThatDoesNotEndIsRefusedInTime) {
  start({.times = {.request = milliseconds(100)}});
  HttpClient client(port());
  ASSERT_TRUE(client.send("GET /small HTTP/1.1\r\nHost: loc"));
  EXPECT_EQ(client.status(), 408);
  EXPECT_TRUE(client.ends());
  HttpClient body(port());
  ASSERT_TRUE(body.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab"));
  EXPECT_EQ(body.status(), 408);
  expect_refused(HttpRefusal::kSlowRequest, 2);
}

TEST_F(HttpServerTest, BytesNowAndThenDoNotBuyTime) {
  start({.times = {.request = milliseconds(200)}});
  HttpClient client(port());
  std::thread dripping([&] {
    while (client.send("G")) std::this_thread::sleep_for(milliseconds(10));
  });
  EXPECT_EQ(client.status(), 408);
  EXPECT_TRUE(client.ends());
  dripping.join();
}

TEST_F(HttpServerTest, AnIdleConnectionEndsAndIsNoRefusal) {
  start({.times = {.idle = milliseconds(50)}});
  HttpClient silent(port());
  EXPECT_TRUE(silent.ends());
  HttpClient client(port());
  EXPECT_EQ(client.get("/small"), 200);
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(refused(HttpRefusal::kSlowRequest), 0U);
}

TEST_F(HttpServerTest, WhatIsTooLargeIsRefusedWhileItIsStillBeingSent) {
  start();
  HttpClient head(port());
  head.send("GET / HTTP/1.1\r\nA: " + std::string(512 * 1024, 'x'));
  EXPECT_EQ(head.status(), 431);
  HttpClient target(port());
  target.send("GET /" + std::string(9000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(target.status(), 414);
  HttpClient body(port());
  body.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" +
            std::string(100'000, 'x'));
  EXPECT_EQ(body.status(), 413);
  EXPECT_TRUE(body.ends());
  expect_refused(HttpRefusal::kTooLarge, 3);
}

TEST_F(HttpServerTest, OtherProtocolsAreToldAtOnce) {
  start();
  HttpClient tls(port());
  ASSERT_TRUE(tls.send(std::string("\x16\x03\x01\x02\x00\x01", 6)));
  EXPECT_EQ(tls.status(), 400);
  expect_refused(HttpRefusal::kMalformed, 1);
}

TEST_F(HttpServerTest, OneConnectionMoreEndsTheOneThatIsIdleForLongest) {
  start({.connections = 3});
  HttpClient first(port());
  EXPECT_EQ(first.get("/small"), 200);
  HttpClient slow(port());
  ASSERT_TRUE(slow.send("GET /sm"));
  HttpClient third(port());
  EXPECT_EQ(third.get("/small"), 200);
  EXPECT_EQ(first.get("/small"), 200);  // so that the slow one is the oldest
  HttpClient fourth(port());
  EXPECT_EQ(fourth.get("/small"), 200);
  EXPECT_TRUE(slow.ends());
  expect_refused(HttpRefusal::kConnectionLimit, 1);
  EXPECT_EQ(first.get("/small"), 200);
}

TEST_F(HttpServerTest, OneConnectionMoreFindsNoRoomWhereAllAreAtWork) {
  start({.connections = 2, .workers = 2});
  HttpClient one(port());
  HttpClient two(port());
  ASSERT_TRUE(one.send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  ASSERT_TRUE(two.send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  await_waiting(2);
  HttpClient third(port());
  EXPECT_TRUE(third.ends());
  expect_refused(HttpRefusal::kConnectionLimit, 1);
  open_gate();
  EXPECT_EQ(one.status(), 200);
  EXPECT_EQ(two.status(), 200);
}

TEST_F(HttpServerTest, OneConnectionMoreEndsTheOneThatReadsItsAnswerForLongest) {
  start({.connections = 2});
  std::array<HttpClient, 2> deaf;
  for (std::size_t i = 0; i < deaf.size(); ++i) {
    deaf[i].take_little();
    deaf[i].connect(port());
    ASSERT_TRUE(deaf[i].send(kGetLarge));
    ASSERT_TRUE(becomes_true([&] { return server_->counts().answers[2] == i + 1; }));
  }
  HttpClient third(port());
  EXPECT_EQ(third.get("/small"), 200);
  expect_refused(HttpRefusal::kConnectionLimit, 1);
  EXPECT_LT(deaf[0].answer().size(), 8 * kMiB);
  EXPECT_GT(deaf[1].answer().size(), 8 * kMiB);
}

TEST_F(HttpServerTest, SlowClientsHoldNoThread) {
  start({.workers = 1});
  std::vector<std::unique_ptr<HttpClient>> slow;
  for (int i = 0; i < 60; ++i) {
    slow.push_back(std::make_unique<HttpClient>());
    slow.back()->take_little();
    slow.back()->connect(port());
    // Half of them never end their request, half never read their answer.
    ASSERT_TRUE(slow.back()->send(i % 2 == 0 ? kGetLarge : "GET /small HTTP/1.1\r\n"));
    if (i % 2 == 0 && i >= 4) slow.back()->close();  // 2 x 8 MiB are enough
  }
  HttpClient client(port());
  EXPECT_EQ(client.get("/small"), 200);
}

TEST_F(HttpServerTest, AnAnswerThatNobodyTakesEndsInTime) {
  start({.times = {.answer = milliseconds(100)}});
  HttpClient client;
  client.take_little();
  client.connect(port());
  ASSERT_TRUE(client.send(kGetLarge));
  EXPECT_TRUE(becomes_true([&] { return refused(HttpRefusal::kSlowReader) == 1; }));
  EXPECT_TRUE(becomes_true([&] { return server_->counts().connections == 0; }));
  EXPECT_LT(client.answer().size(), 8 * kMiB);
}

TEST_F(HttpServerTest, AReaderThatTakesItsTimeGetsAllOfIt) {
  start();
  HttpClient client;
  client.take_little();
  client.connect(port());
  ASSERT_TRUE(client.send(kGetLarge));
  EXPECT_GT(client.answer().size(), 8 * kMiB);
  EXPECT_EQ(client.get("/small"), 200);
  EXPECT_GT(server_->counts().sent_bytes, 8 * kMiB);
}

TEST_F(HttpServerTest, AnswersThatWaitForReadersAreBounded) {
  start({.waiting_bytes = 4 * kMiB});
  HttpClient slow;
  slow.take_little();
  slow.connect(port());
  ASSERT_TRUE(slow.send(kGetLarge));
  ASSERT_TRUE(becomes_true([&] { return server_->counts().answers[2] == 1; }));
  HttpClient client(port());
  EXPECT_EQ(client.get("/small"), 503);
  expect_refused(HttpRefusal::kBusy, 1);
  slow.close();
  EXPECT_TRUE(becomes_true([&] { return HttpClient(port()).get("/small") == 200; }));
}

TEST_F(HttpServerTest, AnswersThatAreReadyTogetherAreBoundedToo) {
  start({.workers = 3, .waiting_bytes = 9 * kMiB});
  std::array<HttpClient, 3> slow;
  for (HttpClient& client : slow) {
    client.take_little();
    client.connect(port());
    ASSERT_TRUE(client.send("GET /wait/large HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  }
  await_waiting(3);  // there was room for each of them
  open_gate();
  expect_refused(HttpRefusal::kBusy, 2);
  EXPECT_EQ(server_->counts().answers[2], 1U);
  std::array<int, 3> statuses{};
  std::transform(slow.begin(), slow.end(), statuses.begin(),
                 [](HttpClient& client) { return client.status(); });
  EXPECT_THAT(statuses, UnorderedElementsAre(200, 503, 503));
}

TEST_F(HttpServerTest, AClientThatLeavesIsForgottenAlsoWhileItIsAnswered) {
  start({.workers = 1});
  {
    HttpClient client(port());
    ASSERT_TRUE(client.send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    await_waiting(1);
  }
  open_gate();
  EXPECT_TRUE(becomes_true([&] { return server_->counts().connections == 0; }));
  EXPECT_EQ(HttpClient(port()).get("/small"), 200);
}

TEST_F(HttpServerTest, ManyClientsAtOnceAreAllAnswered) {
  start();
  constexpr int kClients = 32;
  constexpr int kRequests = 25;
  std::atomic<int> answered = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kClients; ++i) {
      threads.emplace_back([&] {
        HttpClient client(port());
        for (int j = 0; j < kRequests; ++j) answered += client.get("/small") == 200 ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(answered, kClients * kRequests);
  EXPECT_EQ(server_->counts().answers[2], static_cast<std::uint64_t>(kClients * kRequests));
}

TEST_F(HttpServerTest, NoiseDoesNotHurtIt) {
  start({.times = {.request = milliseconds(50), .linger = milliseconds(20)}, .connections = 16});
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same noise each time
  for (int i = 0; i < 300; ++i) {
    HttpClient client(port());
    std::string noise = i % 3 == 0 ? kGet : i % 3 == 1 ? "GET / HTTP/1.1\r\n" : "";
    for (std::size_t j = 0; j < random() % 200; ++j) noise += static_cast<char>(random());
    client.send(noise);
    if (i % 5 == 0) client.end_of_requests();
  }
  EXPECT_EQ(HttpClient(port()).get("/small"), 200);
}

// While it lives, this process may open no descriptor with that number or a higher one.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(int limit) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{static_cast<rlim_t>(limit), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

class HttpServerDescriptorsTest : public HttpServerTest {
 protected:
  void SetUp() override {
#if SONDE_ADDRESS_SANITIZER
    // It looks at memory through a pipe, and takes the lack of one for a fault
    // (sanitizer_posix.cpp).
    GTEST_SKIP() << "SKIP descriptors: UndefinedBehaviorSanitizer needs some";
#endif
  }
};

TEST_F(HttpServerDescriptorsTest, WithoutOneClientsAreSentAwayAndLaterOnesServed) {
  start();
  std::array<HttpClient, 3> before;
  HttpClient after;
  std::array<bool, 3> sent_away{};
  {
    const UniqueFd next(::dup(0));  // the lowest number that is free
    const DescriptorLimit limit(next.get() + 1);
    for (HttpClient& client : before) client.connect(port());
    std::transform(before.begin(), before.end(), sent_away.begin(),
                   [](HttpClient& client) { return client.ends(); });
  }
  EXPECT_THAT(sent_away, Each(true));
  after.connect(port());
  EXPECT_EQ(after.get("/small"), 200);
  expect_refused(HttpRefusal::kConnectionLimit, 3);
  EXPECT_EQ(server_->counts().accepted, 1U);
}

TEST_F(HttpServerDescriptorsTest, WhereNotEvenTheSpareHelpsClientsWaitAndNothingSpins) {
  start();
  HttpClient client;
  const auto cpu_time = [] {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  };
  {
    const DescriptorLimit limit(3);
    client.connect(port());
    const auto begin = cpu_time();
    std::this_thread::sleep_for(milliseconds(300));
    EXPECT_LT(cpu_time() - begin, milliseconds(50));
  }
  EXPECT_EQ(client.get("/small"), 200);
  EXPECT_EQ(refused(HttpRefusal::kConnectionLimit), 0U);
}

TEST_F(HttpServerTest, TheEndWaitsForAnswersUnderWay) {
  start();
  HttpClient idle(port());
  EXPECT_EQ(idle.get("/small"), 200);
  HttpClient client(port());
  ASSERT_TRUE(client.send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  await_waiting(1);
  std::thread stopping([&] { server_.reset(); });
  EXPECT_TRUE(idle.ends());
  open_gate();
  EXPECT_EQ(client.status(), 200);
  EXPECT_TRUE(client.ends());
  client.close();
  stopping.join();
}

TEST_F(HttpServerTest, TheEndDoesNotWaitForReaders) {
  start({.stop = milliseconds(50)});
  HttpClient client;
  client.take_little();
  client.connect(port());
  ASSERT_TRUE(client.send(kGetLarge));
  ASSERT_TRUE(becomes_true([&] { return server_->counts().answers[2] == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  server_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(5));
}

TEST_F(HttpServerTest, APortThatIsTakenIsAnErrorThatNamesIt) {
  start();
  const auto second =
      HttpServer::start(server_->address(), [](const HttpRequest&) { return HttpResponse{}; });
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message,
              HasSubstr(server_->address().text() + ": bind: Address already in use"));
}

TEST_F(HttpServerTest, Ipv6AndItsWildcardListenToo) {
  std::atomic<bool> from_loopback = false;
  const auto server =
      HttpServer::start(*parse_listen_address("[::]:0"), [&](const HttpRequest& request) {
        from_loopback = request.from_loopback;
        return HttpResponse{};
      });
  if (!server) GTEST_SKIP() << "SKIP ipv6: " << server.error().message;
  EXPECT_EQ((*server)->address().ip, "::");
  EXPECT_EQ(HttpClient((*server)->address().port).get("/small"), 200) << "over IPv4";
  EXPECT_TRUE(from_loopback) << "a mapped address";
}

}  // namespace
}  // namespace sonde
