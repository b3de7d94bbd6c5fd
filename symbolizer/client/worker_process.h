// SPDX-License-Identifier: Apache-2.0
// One running worker: starts it, ends it, says how it died.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

// Thread-confined to whoever holds the client's lock.
class WorkerProcess {
 public:
  struct Death {
    bool killed = false;       // by SIGKILL, or reaped by somebody else: not its own doing
    bool out_of_time = false;  // by SIGXCPU: its own CPU limit
    std::string how;           // "signal 11", "exit code 65"
    std::uint64_t cpu_ns = 0;  // user + system
    std::uint64_t peak_rss_bytes = 0;
  };

  // Starts `executable` with one end of a socket at descriptor 3 and no other descriptor but
  // standard input, output (/dev/null) and error (ours).
  // errors: those of socketpair(2) and posix_spawn(3).
  static Result<std::unique_ptr<WorkerProcess>> start(const std::string& executable,
                                                      const std::vector<std::string>& arguments);
  ~WorkerProcess();  // closes the socket, kills, reaps
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  [[nodiscard]] int socket() const { return socket_.get(); }
  [[nodiscard]] pid_t pid() const { return pid_; }

  // Waits for an end that is already under way (its socket is closed); kills after `patience`.
  Death reap(std::chrono::milliseconds patience);
  // SIGKILL, then reaps.
  Death kill();

 private:
  WorkerProcess(pid_t pid, UniqueFd socket) : pid_(pid), socket_(std::move(socket)) {}
  Death wait(int options, bool& done) const;

  pid_t pid_ = 0;  // 0 once reaped
  UniqueFd socket_;
};

}  // namespace sonde
