// SPDX-License-Identifier: Apache-2.0
// Real terminals (pty(7)), and a process of its own that is killed.
#include "agent/cli/terminal_guard.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "tests/support/pty.h"

namespace sonde {
namespace {

using test::Pty;

// A process that takes the terminal, tells so, and then waits to be killed, or ends by `how`.
pid_t take_in_a_child(const Pty& pty, bool is_taken, void (*how)()) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  auto guard = TerminalGuard::start(pty.terminal.get(), pty.terminal.get());
  if (!guard) ::_exit(9);
  guard->arm(true);
  pty.make_raw();
  if (!is_taken) guard->arm(false);
  if (::write(pty.terminal.get(), "taken", 5) != 5) ::_exit(9);
  how();
  ::_exit(0);
}

void wait_for_ever() {
  while (true) ::pause();
}

TEST(TerminalGuardTest, AKilledProcessLeavesTheTerminalAsItWas) {
  const Pty pty;
  const tcflag_t before = pty.modes();
  const pid_t child = take_in_a_child(pty, true, wait_for_ever);
  EXPECT_EQ(pty.read_until("taken"), "taken");
  EXPECT_NE(pty.modes(), before);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(pty.read_until(kLeaveScreen), kLeaveScreen);
  EXPECT_EQ(pty.modes(), before);
}

TEST(TerminalGuardTest, SoDoesOneThatCrashes) {
  const Pty pty;
  const pid_t child = take_in_a_child(pty, true, [] {
    std::signal(SIGABRT, SIG_DFL);
    ::abort();
  });
  ::waitpid(child, nullptr, 0);
  EXPECT_NE(pty.read_until(kLeaveScreen).find(kLeaveScreen), std::string::npos);
}

TEST(TerminalGuardTest, WhatWasGivenBackIsNotTouched) {
  const Pty pty;
  const pid_t child = take_in_a_child(pty, false, wait_for_ever);
  EXPECT_EQ(pty.read_until("taken"), "taken");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(pty.read_until(kLeaveScreen), "");
  EXPECT_EQ(pty.modes() & ICANON, 0U);
}

TEST(TerminalGuardTest, TheGuardEndsWithItsOwner) {
  const Pty pty;
  {
    auto guard = TerminalGuard::start(pty.terminal.get(), pty.terminal.get());
    ASSERT_TRUE(guard.ok());
    guard->arm(true);
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no child is left";
  EXPECT_EQ(pty.read_until(kLeaveScreen), "") << "its owner has done that";
}

TEST(TerminalGuardTest, WhatIsNoTerminalIsRefused) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  EXPECT_FALSE(TerminalGuard::start(null.get(), null.get()).ok());
}

}  // namespace
}  // namespace sonde
