// SPDX-License-Identifier: Apache-2.0
// Finds separate debug files where distributions and debuggers keep them. Opens only; whether a
// file is the right one is for the worker to say.
// Source: gdb manual, "Debugging Information in Separate Files".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

struct DebugFileQuery {
  std::string root;       // of the process, e.g. /proc/PID/root; empty = only the host's
  std::string path;       // of the file inside that root; empty = no look-up by debug link
  std::string build_id;   // lower-case hex, may be empty
  std::string debuglink;  // a file name without a slash, may be empty
};

struct DebugFileCandidate {
  bool by_build_id = false;  // else by name: its CRC must be checked
  bool in_root = false;      // else on the host
  std::string path;          // absolute, inside that root
};

// Where to look, best first: by build id, then by debug link; the process's root before the
// host's.
std::vector<DebugFileCandidate> debug_file_candidates(const DebugFileQuery& query);

// Opens a regular file for reading with every symbolic link resolved inside `root` ("/" for the
// host), so that a container cannot point us outside itself.
// Waits for the file system (TimedCalls).
// errors: kNotFound and those of openat2(2); kFailedPrecondition (not a regular file).
Result<UniqueFd> open_inside(const std::string& root, const std::string& path);

// The user to whom an open file belongs, as the kernel knows it: no server is asked.
Result<std::uint32_t> owner_of(int fd);

// As open_inside(), of a debug file, which names functions of its image for everybody: it has to
// belong to root or to whom the image belongs. What a process sees at a path may be what its user
// has put there.
// errors  and kPermissionDenied without an errno (neither's)
Result<UniqueFd> open_debug_file(const std::string& root, const std::string& path,
                                 std::uint32_t owner_of_image);

}  // namespace sonde
