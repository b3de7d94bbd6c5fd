// SPDX-License-Identifier: Apache-2.0
#include "core/base/timed_calls.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <thread>

#include "core/base/fd.h"
#include "tests/support/require.h"
#include "tests/support/stuck_file_system.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;

constexpr TimedCalls::Limits kShort{
    .patience = milliseconds{50}, .unanswered_of_one = 2, .unanswered_of_user = 3, .unanswered = 5};

// Servers of three users.
constexpr TimedCalls::Server kOne{.id = 1, .user = 1}, kTwo{.id = 2, .user = 1},
    kThree{.id = 3, .user = 1}, kOthers{.id = 3, .user = 2}, kThird{.id = 4, .user = 3};

// Two ends of a pipe: a read of it waits until something is written.
struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    from = UniqueFd(ends[0]);
    to = UniqueFd(ends[1]);
  }
  UniqueFd from, to;
};

std::function<int()> reading(const std::shared_ptr<Pipe>& pipe) {
  return [pipe] {
    char byte = 0;
    return static_cast<int>(::read(pipe->from.get(), &byte, 1));
  };
}

TEST(TimedCallsTest, WhatReturnsInTimeIsReturned) {
  TimedCalls calls;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(calls.run<int>(kOne, [i] { return i; }), i);
  }
  EXPECT_EQ(calls.given_up(), 0U);
}

TEST(TimedCallsTest, WhatOnlyCanBeMovedIsReturned) {
  TimedCalls calls;
  const auto fd = calls.run<UniqueFd>(kOne, [] { return UniqueFd(::dup(0)); });
  ASSERT_TRUE(fd);
  EXPECT_TRUE(*fd);
}

TEST(TimedCallsTest, ACallThatWaitsIsGivenUpAndOthersGoOn) {
  const auto pipe = std::make_shared<Pipe>();
  TimedCalls calls(kShort);
  EXPECT_EQ(calls.run<int>(kOne, reading(pipe)), std::nullopt);
  EXPECT_EQ(calls.run<int>(kOne, [] { return 7; }), 7);
  EXPECT_EQ(calls.given_up(), 1U);
}

TEST(TimedCallsTest, AServerThatDoesNotAnswerIsNotAskedUntilItDoes) {
  const auto pipe = std::make_shared<Pipe>();
  TimedCalls calls(kShort);
  EXPECT_FALSE(calls.run<int>(kOne, reading(pipe)));
  EXPECT_FALSE(calls.run<int>(kOne, reading(pipe)));
  EXPECT_FALSE(calls.run<int>(kOne, [] { return 7; })) << "two wait";
  EXPECT_TRUE(calls.run<int>(kTwo, [] { return 7; })) << "another server";
  EXPECT_EQ(calls.given_up(), 3U);
  ASSERT_EQ(::write(pipe->to.get(), "xx", 2), 2);
  bool again = false;
  for (int i = 0; i < 500 && !again; ++i) {
    std::this_thread::sleep_for(milliseconds{10});
    again = calls.run<int>(kOne, [] { return 7; }).has_value();
  }
  EXPECT_TRUE(again);
}

TEST(TimedCallsTest, AUserWhoStopsManyServersHoldsUpNobodyElse) {
  const auto pipe = std::make_shared<Pipe>();
  TimedCalls calls(kShort);
  for (const auto& server : {kOne, kOne, kTwo}) EXPECT_FALSE(calls.run<int>(server, reading(pipe)));
  EXPECT_FALSE(calls.run<int>(kThree, [] { return 7; })) << "three wait";
  EXPECT_TRUE(calls.run<int>(kOthers, [] { return 7; })) << "another user";
  ASSERT_EQ(::write(pipe->to.get(), "xxx", 3), 3);
  bool again = false;
  for (int i = 0; i < 500 && !again; ++i) {
    std::this_thread::sleep_for(milliseconds{10});
    again = calls.run<int>(kThree, [] { return 7; }).has_value();
  }
  EXPECT_TRUE(again);
}

TEST(TimedCallsTest, TheThreadsThatWaitAreBounded) {
  const auto pipe = std::make_shared<Pipe>();
  TimedCalls calls(kShort);
  for (const auto& server : {kOne, kOne, kTwo, kOthers, kOthers}) {
    EXPECT_FALSE(calls.run<int>(server, reading(pipe)));
  }
  EXPECT_FALSE(calls.run<int>(kThird, [] { return 7; }));
  ASSERT_EQ(::write(pipe->to.get(), "xxxxx", 5), 5);
}

TEST(TimedCallsTest, WhatWaitsOutlivesTheObject) {
  const auto pipe = std::make_shared<Pipe>();
  {
    TimedCalls calls(kShort);
    EXPECT_FALSE(calls.run<int>(kOne, reading(pipe)));
  }
  ASSERT_EQ(::write(pipe->to.get(), "x", 1), 1);
  for (int i = 0; i < 500 && pipe.use_count() > 1; ++i) {
    std::this_thread::sleep_for(milliseconds{10});
  }
  EXPECT_EQ(pipe.use_count(), 1);
}

TEST(TimedCallsTest, AFileSystemThatDoesNotAnswerDoesNotHoldTheCaller) {
  SONDE_NEED_ROOT();  // to mount
  StuckFileSystem files(testing::TempDir() + "stuck_" + std::to_string(::getpid()), "file", "text");
  ASSERT_TRUE(files.is_mounted());
  const std::function<UniqueFd()> open = [path = files.file()] {
    return UniqueFd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  };
  TimedCalls calls(kShort);
  const auto first = calls.run<UniqueFd>(kOne, open);
  ASSERT_TRUE(first);
  EXPECT_TRUE(*first);
  files.stop_answering();
  EXPECT_FALSE(calls.run<UniqueFd>(kOne, open));
}

}  // namespace
}  // namespace sonde
