// SPDX-License-Identifier: Apache-2.0
// The one line on stderr while a recording runs: rewritten twice a second on a terminal; elsewhere
// a line at its start and each 10 s.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "agent/cli/terminal.h"

namespace sonde {

class Progress {
 public:
  // what      `all processes`, made printable.
  // duration  none: until the command ends.
  Progress(std::string what, std::uint32_t rate_hz,
           std::optional<std::chrono::nanoseconds> duration, const Pen& pen)
      : what_(std::move(what)), rate_hz_(rate_hz), duration_(duration), pen_(pen) {}

  // Writes if it is time to. elapsed: since the recording started.
  void update(std::chrono::nanoseconds elapsed, std::uint64_t samples, std::uint64_t lost);
  // Wipes the line from a terminal.
  void finish();

  // The text of one line, no wider than the terminal.
  [[nodiscard]] std::string line(std::chrono::nanoseconds elapsed, std::uint64_t samples,
                                 std::uint64_t lost) const;

 private:
  std::string what_;
  std::uint32_t rate_hz_;
  std::optional<std::chrono::nanoseconds> duration_;
  Pen pen_;
  std::chrono::nanoseconds next_{0};
  bool drawn_ = false;
};

}  // namespace sonde
