// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/terminal_guard.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "core/base/signals_blocked.h"

namespace sonde {
namespace {

constexpr char kTaken = 1;
constexpr char kFree = 0;

// What else the child has got would stay open as long as it lives.
void close_all_but(std::array<int, 3> kept) {
  std::ranges::sort(kept);
  unsigned first = STDERR_FILENO + 1;
  for (const int fd : kept) {
    const auto next = static_cast<unsigned>(fd);
    if (next > first) ::close_range(first, next - 1, 0);
    first = std::max(first, next + 1);
  }
  ::close_range(first, ~0U, 0);
}

// In the child; signals are blocked, which also lets it write to a terminal that is not its own.
[[noreturn]] void watch(int pipe, int in, int out, const termios& before) {
  ::prctl(PR_SET_NAME, "sonde-terminal");
  close_all_but({pipe, in, out});
  char state = kFree;
  char next = 0;
  while (true) {
    const ssize_t got = ::read(pipe, &next, 1);
    if (got == 1) {
      state = next;
    } else if (got == 0 || errno != EINTR) {
      break;
    }
  }
  if (state == kTaken) {
    // A shell that was quicker has set the terminal as it likes: only what we left is undone.
    termios now{};
    const bool is_ours = ::tcgetattr(in, &now) == 0 && (now.c_lflag & ICANON) == 0;
    if (is_ours) ::tcsetattr(in, TCSANOW, &before);
    [[maybe_unused]] const ssize_t told = ::write(out, kLeaveScreen.data(), kLeaveScreen.size());
  }
  ::_exit(0);
}

}  // namespace

Result<TerminalGuard> TerminalGuard::start(int in, int out) {
  termios before{};
  if (::tcgetattr(in, &before) != 0) return Error::from_errno(errno, "tcgetattr");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Error::from_errno(errno, "pipe2");
  UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const SignalsBlocked blocked;
  const pid_t child = ::fork();
  if (child < 0) return Error::from_errno(errno, "fork");
  if (child == 0) {
    writer.reset();
    watch(reader.get(), in, out, before);
  }
  return TerminalGuard(std::move(writer), child, before);
}

TerminalGuard::TerminalGuard(TerminalGuard&& other) noexcept
    : pipe_(std::move(other.pipe_)),
      child_(std::exchange(other.child_, -1)),
      before_(other.before_) {}

TerminalGuard::~TerminalGuard() {
  if (child_ < 0) return;
  arm(false);
  pipe_.reset();
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void TerminalGuard::arm(bool is_taken) const {
  const char state = is_taken ? kTaken : kFree;
  while (::write(pipe_.get(), &state, 1) < 0 && errno == EINTR) {
  }
}

}  // namespace sonde
