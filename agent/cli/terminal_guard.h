// SPDX-License-Identifier: Apache-2.0
// Gives a terminal back whatever becomes of us: a child process waits for our end, kill -9 and
// crashes included.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <string_view>

#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

// Leaves the alternate screen, shows the cursor, ends all colours.
inline constexpr std::string_view kLeaveScreen = "\x1b[0m\x1b[?25h\x1b[?1049l";

// Thread-confined.
class TerminalGuard {
 public:
  // Starts the child: before there are threads, and descriptors that must not outlive us.
  // in, out  the terminal.
  // errors   those of fork(2), pipe(2), tcgetattr(3).
  static Result<TerminalGuard> start(int in, int out);
  ~TerminalGuard();  // ends the child, which changes nothing then
  TerminalGuard(TerminalGuard&&) noexcept;
  TerminalGuard& operator=(TerminalGuard&&) = delete;

  // From now on the terminal needs to be given back, or no more.
  void arm(bool is_taken) const;

  [[nodiscard]] const termios& before() const { return before_; }

 private:
  TerminalGuard(UniqueFd pipe, pid_t child, const termios& before)
      : pipe_(std::move(pipe)), child_(child), before_(before) {}

  UniqueFd pipe_;  // a byte says whether to give back; its end that we are gone
  pid_t child_ = -1;
  termios before_;
};

}  // namespace sonde
