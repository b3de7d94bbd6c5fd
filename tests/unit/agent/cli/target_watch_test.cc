// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/target_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace sonde {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kSecond = 1'000'000'000;

TEST(TargetWatchTest, AnIdThatDoesNotExistIsNotFound) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  const auto watch = TargetWatch::create({static_cast<std::uint32_t>(pid)});
  ASSERT_FALSE(watch);
  EXPECT_EQ(watch.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(watch.error().message, HasSubstr(std::to_string(pid)));
}

TEST(TargetWatchTest, AThreadIsToldFromItsProcess) {
  std::atomic<pid_t> tid = 0;
  std::atomic<bool> done = false;
  std::thread thread([&] {
    tid = static_cast<pid_t>(::syscall(SYS_gettid));
    while (!done) ::usleep(1000);
  });
  while (tid == 0) ::usleep(1000);
  const auto watch = TargetWatch::create({static_cast<std::uint32_t>(tid)});
  done = true;
  thread.join();
  ASSERT_FALSE(watch);
  EXPECT_THAT(watch.error().message, HasSubstr("use -p " + std::to_string(::getpid())));
}

TEST(TargetWatchTest, AProcessIsGoneWhenItHasEnded) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::pause();
    ::_exit(0);
  }
  auto watch = TargetWatch::create({static_cast<std::uint32_t>(pid)});
  ASSERT_TRUE(watch);
  EXPECT_FALSE(watch->all_gone(kSecond));
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_TRUE(watch->all_gone(2 * kSecond));
}

TEST(TargetWatchTest, ItsChildrenKeepTheRecordingGoing) {
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const pid_t child = ::fork();
    if (child == 0) ::pause();
    if (::write(told[1], &child, sizeof child) < 0) ::_exit(1);
    ::pause();
  }
  pid_t child = 0;
  ASSERT_EQ(::read(told[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
  auto watch = TargetWatch::create({static_cast<std::uint32_t>(pid)});
  ASSERT_TRUE(watch);
  EXPECT_FALSE(watch->all_gone(kSecond));
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_FALSE(watch->all_gone(2 * kSecond));
  ::kill(child, SIGKILL);
  bool gone = false;
  for (std::uint64_t now = 3; !gone && now < 200; ++now) {
    ::usleep(10'000);
    gone = watch->all_gone(now * kSecond);
  }
  EXPECT_TRUE(gone);
  ::close(told[0]);
  ::close(told[1]);
}

}  // namespace
}  // namespace sonde
