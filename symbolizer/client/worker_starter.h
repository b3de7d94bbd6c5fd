// SPDX-License-Identifier: Apache-2.0
// Starts workers from a thread that has hardly any open files. A new process begins with copies of
// all descriptors of whoever starts it, and closes them before it runs its program; where one is a
// file of a FUSE server that does not answer, that close waits, and with it the caller.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

// Thread-confined to whoever holds the client's lock.
class WorkerStarter {
 public:
  struct Started {
    pid_t pid = 0;  // a child of this process, as if started by it
    UniqueFd socket;
  };

  // Starts the thread. It begins with a copy of the descriptors below its own: to be called before
  // files of others are open. errors: those of socketpair(2) and close_range(2), kUnavailable.
  static Result<std::unique_ptr<WorkerStarter>> create(const std::string& executable,
                                                       const std::vector<std::string>& arguments);

  // Starts `executable` with one end of a socket at descriptor 3 and no other descriptor but
  // standard input, output (/dev/null) and error (ours).
  // errors: those of socketpair(2) and posix_spawn(3).
  Result<Started> start();

 private:
  WorkerStarter(std::string executable, UniqueFd control)
      : executable_(std::move(executable)), control_(std::move(control)) {}

  const std::string executable_;
  UniqueFd control_;  // the thread ends when this closes
};

}  // namespace sonde
