// SPDX-License-Identifier: Apache-2.0
// One running worker: ends it, says how it died.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/fd.h"
#include "core/base/result.h"
#include "symbolizer/client/worker_starter.h"

namespace sonde {

// Thread-confined to whoever holds the client's lock.
class WorkerProcess {
 public:
  struct Death {
    bool killed = false;       // by SIGKILL, or reaped by somebody else: not its own doing
    bool out_of_time = false;  // by SIGXCPU: its own CPU limit
    bool stuck = false;        // killed by us, but its end has to wait for a file system
    std::string how;           // "signal 11", "exit code 65"
    std::uint64_t cpu_ns = 0;  // user + system
    std::uint64_t peak_rss_bytes = 0;
  };

  // errors: those of WorkerStarter::start().
  static Result<std::unique_ptr<WorkerProcess>> start(WorkerStarter& starter);
  ~WorkerProcess();  // closes the socket, kills
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  [[nodiscard]] int socket() const { return socket_.get(); }
  [[nodiscard]] pid_t pid() const { return pid_; }

  // Waits up to 2 s for an end that is already under way (its socket is closed), then kills.
  Death reap();
  // SIGKILL, and waits up to 2 s for the end. It comes later, if ever, when the worker has a file
  // of a FUSE server that does not answer: closing that waits, and no signal ends it. The worker
  // has given back its memory by then and is left to its waiting.
  Death kill();

 private:
  WorkerProcess(pid_t pid, UniqueFd socket) : pid_(pid), socket_(std::move(socket)) {}
  std::optional<Death> take_end();
  std::optional<Death> wait_for_end();

  pid_t pid_ = 0;  // 0 once it has ended, or is left alone
  UniqueFd socket_;
};

}  // namespace sonde
