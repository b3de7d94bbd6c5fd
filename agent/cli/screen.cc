// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/screen.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string_view>

#include "core/base/file.h"

namespace sonde {
namespace {

// Alternate screen, no cursor.
constexpr std::string_view kEnterScreen = "\x1b[?1049h\x1b[?25l";

// For the handlers, which use async-signal-safe calls alone (signal-safety(7)).
struct Taken {
  std::atomic<bool> is_on{false};
  int in = 0;
  int out = 0;
  int changed = -1;
  termios before{};
  termios ours{};
};
Taken g_taken;

void enter() {
  ::tcsetattr(g_taken.in, TCSANOW, &g_taken.ours);
  [[maybe_unused]] const ssize_t put =
      ::write(g_taken.out, kEnterScreen.data(), kEnterScreen.size());
}

void leave() {
  [[maybe_unused]] const ssize_t put =
      ::write(g_taken.out, kLeaveScreen.data(), kLeaveScreen.size());
  ::tcsetattr(g_taken.in, TCSANOW, &g_taken.before);
}

void note_change() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = ::write(g_taken.changed, &one, sizeof one);
}

void on_resize(int /*signal*/) {
  const int saved_errno = errno;
  note_change();
  errno = saved_errno;
}

// After a stop that no handler could see (kill -STOP) the shell has had the terminal too.
void on_continue(int /*signal*/) {
  const int saved_errno = errno;
  if (g_taken.is_on.load()) enter();
  note_change();
  errno = saved_errno;
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

// Ctrl-Z: the shell gets the terminal as it was, and we stop as we would have without a handler.
void on_stop(int /*signal*/) {
  const int saved_errno = errno;
  if (g_taken.is_on.load()) leave();
  handle(SIGTSTP, SIG_DFL);
  sigset_t stop;
  sigset_t before;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  ::raise(SIGTSTP);
  ::pthread_sigmask(SIG_UNBLOCK, &stop, &before);  // stopped here
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  handle(SIGTSTP, on_stop);
  if (g_taken.is_on.load()) enter();
  note_change();
  errno = saved_errno;
}

}  // namespace

Result<std::unique_ptr<Screen>> Screen::open(int in, int out, const TerminalGuard& guard) {
  std::unique_ptr<Screen> screen(new Screen(out, guard));
  screen->changed_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!screen->changed_) return Error::from_errno(errno, "eventfd");
  g_taken.in = in;
  g_taken.out = out;
  g_taken.changed = screen->changed_.get();
  g_taken.before = guard.before();
  g_taken.ours = guard.before();
  g_taken.ours.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  g_taken.ours.c_cc[VMIN] = 1;
  g_taken.ours.c_cc[VTIME] = 0;
  guard.arm(true);
  if (::tcsetattr(in, TCSADRAIN, &g_taken.ours) != 0) {
    const Error error = Error::from_errno(errno, "tcsetattr");
    guard.arm(false);
    return error;
  }
  g_taken.is_on.store(true);
  if (auto put = write_all(out, kEnterScreen); !put) return put.error();
  screen->keep_errors_back();
  handle(SIGWINCH, on_resize);
  handle(SIGTSTP, on_stop);
  handle(SIGCONT, on_continue);
  return screen;
}

Screen::~Screen() {
  if (!g_taken.is_on.exchange(false)) return;
  for (const int signal : {SIGWINCH, SIGTSTP, SIGCONT}) handle(signal, SIG_DFL);
  leave();
  guard_.arm(false);
  tell_errors();
}

void Screen::keep_errors_back() {
  if (::isatty(STDERR_FILENO) != 1) return;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return;
  kept_ = UniqueFd(ends[0]);
  const UniqueFd writer(ends[1]);
  stderr_ = UniqueFd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  if (stderr_) ::dup2(writer.get(), STDERR_FILENO);
}

void Screen::tell_errors() {
  if (!stderr_) return;
  ::dup2(stderr_.get(), STDERR_FILENO);
  std::array<char, 4096> text{};
  ssize_t got = 0;
  while ((got = ::read(kept_.get(), text.data(), text.size())) > 0) {
    if (!write_all(STDERR_FILENO, {text.data(), static_cast<std::size_t>(got)})) return;
  }
}

Result<void> Screen::draw(const std::vector<std::string>& lines) const {
  // Each line is wiped before it is written: behind a full one the cursor is still on it.
  std::string out = "\x1b[H";
  const std::size_t room = std::min(lines.size(), height());
  for (std::size_t i = 0; i < room; ++i) {
    out += i == 0 ? "\x1b[2K" : "\r\n\x1b[2K";
    out += lines[i];
  }
  if (room < height()) out += "\r\n\x1b[J";
  return write_all(out_, out);
}

std::size_t Screen::height() const {
  constexpr std::size_t kDefault = 24;
  winsize size{};
  if (::ioctl(out_, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return kDefault;
  return size.ws_row;
}

void Screen::take_change() const {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(changed_.get(), &count, sizeof count);
}

}  // namespace sonde
