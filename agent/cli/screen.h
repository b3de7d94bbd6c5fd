// SPDX-License-Identifier: Apache-2.0
// A terminal taken over: alternate screen, keys without Enter and echo, no cursor. It is given back
// on every way out: by the destructor, when the job is stopped (Ctrl-Z), and by the guard after
// kill -9 or a crash. Signal handlers need process-wide state, so there is one screen at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "agent/cli/terminal_guard.h"
#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

// Thread-confined, but for the signals.
class Screen {
 public:
  // in, out  the terminal, both ends; out may be in.
  // guard    of the same terminal, outlives the screen.
  // errors   those of tcsetattr(3), write(2).
  static Result<std::unique_ptr<Screen>> open(int in, int out, const TerminalGuard& guard);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // Writes all lines at once, over those before; at most as many as there is room for.
  // errors  those of write(2): the terminal is gone.
  Result<void> draw(const std::vector<std::string>& lines) const;

  [[nodiscard]] std::size_t height() const;  // lines; 24 if the terminal does not say

  // Readable when all must be drawn anew: the terminal has another size, or is ours again.
  [[nodiscard]] int changed_fd() const { return changed_.get(); }
  void take_change() const;

 private:
  Screen(int out, const TerminalGuard& guard) : out_(out), guard_(guard) {}
  void keep_errors_back();
  void tell_errors();

  const int out_;
  const TerminalGuard& guard_;
  UniqueFd changed_;
  // What is written to stderr meanwhile is shown afterwards, up to what a pipe holds (64 KiB).
  UniqueFd stderr_;
  UniqueFd kept_;
};

}  // namespace sonde
