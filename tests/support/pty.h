// SPDX-License-Identifier: Apache-2.0
// A terminal for a test, with its other end (pty(7)).
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

#include "core/base/fd.h"

namespace sonde::test {

struct Pty {
  Pty() {
    int ends[2];
    winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    if (::openpty(&ends[0], &ends[1], nullptr, nullptr, &size) != 0) ADD_FAILURE() << "openpty";
    leader = UniqueFd(ends[0]);
    terminal = UniqueFd(ends[1]);
  }
  [[nodiscard]] tcflag_t modes() const {
    termios now{};
    ::tcgetattr(terminal.get(), &now);
    return now.c_lflag;
  }
  void make_raw() const {
    termios now{};
    ::tcgetattr(terminal.get(), &now);
    now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    ::tcsetattr(terminal.get(), TCSANOW, &now);
  }
  // What was written to the terminal until `text` or the last second.
  [[nodiscard]] std::string read_until(std::string_view text) const {
    std::string all;
    pollfd wait{leader.get(), POLLIN, 0};
    while (all.find(text) == std::string::npos && ::poll(&wait, 1, 1000) == 1) {
      std::array<char, 4096> bytes{};
      const ssize_t got = ::read(leader.get(), bytes.data(), bytes.size());
      if (got <= 0) break;
      all.append(bytes.data(), static_cast<std::size_t>(got));
    }
    return all;
  }

  UniqueFd leader;
  UniqueFd terminal;
};

}  // namespace sonde::test
