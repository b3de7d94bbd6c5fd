// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_ui.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include "core/base/signals_blocked.h"

namespace sonde {

std::string clock_text(std::uint64_t unix_ns) {
  const auto seconds = static_cast<std::time_t>(unix_ns / 1'000'000'000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return fmt::format("{:02}:{:02}:{:02}", parts.tm_hour, parts.tm_min, parts.tm_sec);
}

TopUi::TopUi(const Screen& screen, int in, ColourChoice colour, const TopState& state,
             TopScreen about)
    : screen_(screen),
      in_(in),
      colour_(colour),
      about_(std::move(about)),
      state_(state),
      woken_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  about_.has_keys = true;
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
}

void TopUi::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  ::eventfd_write(woken_.get(), 1);
  thread_.join();
}

void TopUi::show(std::shared_ptr<const TopWindow> window) {
  {
    const std::lock_guard lock(mutex_);
    newest_ = std::move(window);
  }
  ::eventfd_write(woken_.get(), 1);
}

void TopUi::run() {
  while (draw()) {
    std::array<pollfd, 3> waits = {pollfd{in_, POLLIN, 0}, pollfd{woken_.get(), POLLIN, 0},
                                   pollfd{screen_.changed_fd(), POLLIN, 0}};
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) {
      problem_ = Error::from_errno(errno, "poll");
      break;
    }
    if (waits[0].revents != 0 && !take_keys()) break;
    if (waits[1].revents != 0) {
      eventfd_t count = 0;
      ::eventfd_read(woken_.get(), &count);
      const std::lock_guard lock(mutex_);
      if (ends_) return;
    }
    if (waits[2].revents != 0) screen_.take_change();
    take_window();
  }
  quits_.store(true);
}

// While the picture is held the newest window waits.
void TopUi::take_window() {
  if (state_.held) return;
  std::shared_ptr<const TopWindow> next;
  {
    const std::lock_guard lock(mutex_);
    next = std::exchange(newest_, nullptr);
  }
  if (!next) return;
  window_ = std::move(next);
  trends_.add(*window_, state_.kernel);
}

// False: the user left, or nobody can press a key any more.
bool TopUi::take_keys() {
  std::array<char, 256> bytes{};
  const ssize_t got = ::read(in_, bytes.data(), bytes.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (got <= 0) return false;
  for (const Key& key : keys_in({bytes.data(), static_cast<std::size_t>(got)})) {
    std::vector<std::string> rows;
    if (window_) {
      for (TopRow& row : listed_rows(*window_, state_)) rows.push_back(std::move(row.key));
    }
    const bool kernel = state_.kernel;
    apply(key, rows, listed_lines(about_), state_);
    if (kernel != state_.kernel) trends_.clear();  // of other figures
    if (state_.quits) return false;
  }
  return true;
}

bool TopUi::draw() {
  const Pen pen(detect_terminal(STDOUT_FILENO, colour_));
  about_.height = screen_.height();
  Lines lines;
  if (window_) {
    const ProfileMeta& meta = window_->profile.meta;
    about_.clock = clock_text(meta.begin_ns + meta.duration_ns);
    lines = top_lines(*window_, trends_, state_, about_, pen);
  } else {
    lines = top_waiting_lines(about_, pen);
  }
  const auto drawn = screen_.draw(lines);
  if (!drawn) problem_ = drawn.error();
  return drawn.ok();
}

}  // namespace sonde
