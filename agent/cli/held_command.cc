// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/held_command.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace sonde {
namespace {

// In the child: waits for the go, then becomes the command. Only async-signal-safe calls.
[[noreturn]] void become(char* const* arguments, int go, int failure) {
  char byte = 0;
  ssize_t got = 0;
  do {
    got = ::read(go, &byte, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) ::_exit(1);
  ::execvp(arguments[0], arguments);
  const int err = errno;
  if (::write(failure, &err, sizeof err) < 0) ::_exit(1);
  ::_exit(1);
}

}  // namespace

Result<HeldCommand> HeldCommand::fork_held(std::vector<std::string> command) {
  int go[2];
  int failure[2];
  if (::pipe2(go, O_CLOEXEC) != 0) return Error::from_errno(errno, "pipe");
  UniqueFd go_read(go[0]);
  UniqueFd go_write(go[1]);
  if (::pipe2(failure, O_CLOEXEC) != 0) return Error::from_errno(errno, "pipe");
  UniqueFd failure_read(failure[0]);
  UniqueFd failure_write(failure[1]);

  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) return Error::from_errno(errno, "fork");
  if (pid == 0) {
    ::close(go_write.release());  // else the child would keep itself waiting
    become(arguments.data(), go_read.get(), failure_write.get());
  }
  return HeldCommand(pid, command.front(), std::move(go_write), std::move(failure_read));
}

HeldCommand::~HeldCommand() {
  if (!go_ || exit_code_) return;
  go_.reset();  // the child reads the end of the pipe and leaves
  wait();
}

Result<void> HeldCommand::release() {
  const UniqueFd go = std::move(go_);
  const char byte = 1;
  int err = 0;
  const bool told = ::write(go.get(), &byte, 1) == 1;
  ssize_t got = 0;
  do {
    got = told ? ::read(failure_.get(), &err, sizeof err) : 0;
  } while (got < 0 && errno == EINTR);
  if (told && got == 0) return {};
  const int code = wait();
  if (got == static_cast<ssize_t>(sizeof err)) {
    Error error = Error::from_errno(err, "cannot execute " + name_);
    if (err == ENOENT) error.message = name_ + ": command not found";
    return error;
  }
  return Error{ErrorCode::kAborted,
               "the command ended before it began (exit code " + std::to_string(code) + ")"};
}

std::optional<int> HeldCommand::reap(int flags) {
  if (exit_code_) return exit_code_;
  int status = 0;
  pid_t ended = 0;
  do {
    ended = ::waitpid(pid_, &status, flags);
  } while (ended < 0 && errno == EINTR);
  if (ended == 0) return std::nullopt;
  if (ended < 0) {
    exit_code_ = 1;  // somebody else reaped it: its code is lost
  } else {
    exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  return exit_code_;
}

std::optional<int> HeldCommand::poll() { return reap(WNOHANG); }

int HeldCommand::wait() { return reap(0).value_or(1); }

}  // namespace sonde
