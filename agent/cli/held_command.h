// SPDX-License-Identifier: Apache-2.0
// A command that is forked at once and executed later, so that the recording can be ready for its
// process id before its first instruction runs.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

class HeldCommand {
 public:
  // Forks. The child waits; if this object dies first, the child ends without executing anything.
  // Call it before signals are taken over: the child keeps the dispositions of this moment.
  static Result<HeldCommand> fork_held(std::vector<std::string> command);

  HeldCommand(HeldCommand&&) = default;
  HeldCommand& operator=(HeldCommand&&) = delete;
  ~HeldCommand();

  [[nodiscard]] pid_t pid() const { return pid_; }

  // Lets the child execute the command and waits until it has.
  //
  // errors  kNotFound  no such command (shells say 127)
  //         others     found but not executable (126), or ended by a signal before
  Result<void> release();

  // The exit code if the command has ended, 128 + signal if a signal ended it. Never waits.
  std::optional<int> poll();
  // Waits for the end.
  int wait();

 private:
  HeldCommand(pid_t pid, std::string name, UniqueFd go, UniqueFd failure)
      : pid_(pid), name_(std::move(name)), go_(std::move(go)), failure_(std::move(failure)) {}
  std::optional<int> reap(int flags);

  pid_t pid_;
  std::string name_;
  UniqueFd go_;       // a byte written here releases the child; closing it ends the child
  UniqueFd failure_;  // the child's errno if execvp failed; closed by execvp
  std::optional<int> exit_code_;
};

}  // namespace sonde
