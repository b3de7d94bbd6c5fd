// SPDX-License-Identifier: Apache-2.0
// Entry point of the expendable child process that parses foreign files: `sonde worker`.
#pragma once

namespace sonde {

// Descriptor the client leaves its socket at; `sonde worker` passes it to worker_main().
inline constexpr int kWorkerSocketFd = 3;

// Closes every other descriptor above 2, limits itself (core, files, no new privileges, dies
// with its parent), then serves requests until the client closes the socket.
// Returns the process's exit code: 0 after an orderly end, 64 if the descriptor is no socket
// (somebody ran `sonde worker` by hand).
int worker_main(int socket_fd);

}  // namespace sonde
