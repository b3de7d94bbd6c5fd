// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/held_command.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"

namespace sonde {
namespace {

std::string command_line_of(pid_t pid) {
  const auto text = read_file("/proc/" + std::to_string(pid) + "/cmdline", 4096);
  return text ? text->substr(0, text->find('\0')) : "";
}

TEST(HeldCommandTest, NothingRunsBeforeTheRelease) {
  auto command = HeldCommand::fork_held({"/bin/sh", "-c", "exit 7"});
  ASSERT_TRUE(command);
  ::usleep(50'000);
  EXPECT_FALSE(command->poll());
  EXPECT_NE(command_line_of(command->pid()), "/bin/sh");
  ASSERT_TRUE(command->release());
  EXPECT_EQ(command->wait(), 7);
  EXPECT_EQ(command->poll(), 7);
}

TEST(HeldCommandTest, TheExitCodeOfASignalIs128PlusItsNumber) {
  auto command = HeldCommand::fork_held({"/bin/sh", "-c", "kill -TERM $$"});
  ASSERT_TRUE(command);
  ASSERT_TRUE(command->release());
  EXPECT_EQ(command->wait(), 128 + SIGTERM);
}

TEST(HeldCommandTest, AMissingCommandIsNotFound) {
  auto command = HeldCommand::fork_held({"no-such-command-anywhere"});
  ASSERT_TRUE(command);
  const auto released = command->release();
  ASSERT_FALSE(released);
  EXPECT_EQ(released.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(released.error().message, "no-such-command-anywhere: command not found");
}

TEST(HeldCommandTest, AFileThatCannotBeExecutedIsAnotherError) {
  auto command = HeldCommand::fork_held({"/etc/passwd"});
  ASSERT_TRUE(command);
  const auto released = command->release();
  ASSERT_FALSE(released);
  EXPECT_EQ(released.error().code, ErrorCode::kPermissionDenied);
}

TEST(HeldCommandTest, TheChildLeavesWhenTheHolderGivesUp) {
  pid_t pid = 0;
  {
    auto command = HeldCommand::fork_held({"/bin/sleep", "1000"});
    ASSERT_TRUE(command);
    pid = command->pid();
  }
  EXPECT_NE(::kill(pid, 0), 0) << "still there, or not reaped";
}

TEST(HeldCommandTest, ACommandKilledBeforeItBeganIsAborted) {
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  auto command = HeldCommand::fork_held({"/bin/true"});
  ASSERT_TRUE(command);
  ::kill(command->pid(), SIGKILL);
  siginfo_t dead{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(command->pid()), &dead, WEXITED | WNOWAIT), 0);
  const auto released = command->release();
  ::sigaction(SIGPIPE, &before, nullptr);
  ASSERT_FALSE(released);
  EXPECT_EQ(released.error().code, ErrorCode::kAborted);
}

}  // namespace
}  // namespace sonde
