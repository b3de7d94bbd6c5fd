// SPDX-License-Identifier: Apache-2.0
// Signal state is the process's: each test works in a child of its own.
#include "agent/cli/stop_signals.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>

namespace sonde {
namespace {

// Exit code of a child that runs `body`; 128 + signal if a signal ended it.
int in_a_child(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

constexpr std::chrono::milliseconds kAtOnce{0};

TEST(StopSignalsTest, TheFirstSignalStopsAndALaterCtrlCQuits) {
  EXPECT_EQ(in_a_child([] {
              take_over_signals(false);
              if (stop_requested()) return 1;
              ::raise(SIGINT);
              return stop_requested() ? 0 : 2;
            }),
            0);
  EXPECT_EQ(in_a_child([] {
              take_over_signals(false, kAtOnce);
              ::raise(SIGTERM);
              ::raise(SIGINT);
              return 3;
            }),
            130);
}

TEST(StopSignalsTest, SignalsInPairsAndOfOtherKindsLoseNothing) {
  EXPECT_EQ(in_a_child([] {
              take_over_signals(false);
              for (const int signal : {SIGTERM, SIGTERM, SIGINT, SIGINT}) ::raise(signal);
              return stop_requested() ? 0 : 2;
            }),
            0);
  EXPECT_EQ(in_a_child([] {
              take_over_signals(false, kAtOnce);
              for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGTERM}) ::raise(signal);
              return stop_requested() ? 0 : 2;
            }),
            0);
}

TEST(StopSignalsTest, QuittingRemovesTheUnfinishedFile) {
  char path[] = "/tmp/sonde-quit-XXXXXX";
  ::close(::mkstemp(path));
  EXPECT_EQ(in_a_child([&] {
              take_over_signals(false, kAtOnce);
              remove_when_quitting(path);
              ::raise(SIGINT);
              ::raise(SIGINT);
              return 3;
            }),
            130);
  EXPECT_NE(::access(path, F_OK), 0);
}

TEST(StopSignalsTest, NothingIsRemovedOnceThePathIsTakenBack) {
  char path[] = "/tmp/sonde-quit-XXXXXX";
  ::close(::mkstemp(path));
  EXPECT_EQ(in_a_child([&] {
              take_over_signals(false, kAtOnce);
              remove_when_quitting(path);
              remove_when_quitting("");
              ::raise(SIGINT);
              ::raise(SIGINT);
              return 3;
            }),
            130);
  EXPECT_EQ(::access(path, F_OK), 0);
  ::unlink(path);
}

TEST(StopSignalsTest, WithACommandSignalsGoToIt) {
  EXPECT_EQ(in_a_child([] {
              const pid_t command = ::fork();
              if (command == 0) {
                ::pause();
                ::_exit(0);
              }
              take_over_signals(true);
              pass_signals_to(command);
              ::raise(SIGUSR1);
              int status = 0;
              ::waitpid(command, &status, 0);
              if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGUSR1) return 1;
              return stop_requested() ? 2 : 0;
            }),
            0);
}

TEST(StopSignalsTest, ABrokenPipeIsAnErrorNotTheEnd) {
  EXPECT_EQ(in_a_child([] {
              take_over_signals(false);
              int pipe[2];
              if (::pipe(pipe) != 0) return 1;
              ::close(pipe[0]);
              return ::write(pipe[1], "x", 1) == -1 ? 0 : 2;
            }),
            0);
}

TEST(StopSignalsTest, WhatNohupIgnoresStaysIgnored) {
  EXPECT_EQ(in_a_child([] {
              ::signal(SIGHUP, SIG_IGN);
              take_over_signals(false);
              ::raise(SIGHUP);
              return stop_requested() ? 1 : 0;
            }),
            0);
}

}  // namespace
}  // namespace sonde
