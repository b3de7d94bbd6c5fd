// SPDX-License-Identifier: Apache-2.0
// Small whole-file reads and writes with bounds. Stateless, thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

// Reads a file to its end, /proc files included.
//
// max_bytes  a longer file is kOutOfRange, never a silent cut.
// errors     those of open(2) and read(2).
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);
// The same over an open descriptor, from its current position.
Result<std::string> read_fd(int fd, std::size_t max_bytes);

// Opens for reading what an O_PATH descriptor stands for, if that is a regular file: looked at
// before it is opened, because the path of a foreign process may lead anywhere (a FIFO, a device:
// opening a watchdog starts it).
// errors  kFailedPrecondition (no regular file), those of open(2).
Result<UniqueFd> reopen_regular(const UniqueFd& place);

// Writes everything or fails with the errno of write(2) (ENOSPC included).
Result<void> write_all(int fd, std::string_view bytes);

// Replaces `path` atomically: a temporary file beside it, fsync, rename. On failure the
// temporary is removed and the old file stays as it was.
Result<void> write_file_atomically(const std::string& path, std::string_view bytes);

// pread(2) until `out` is full or the file ends; returns the bytes read.
Result<std::size_t> pread_full(int fd, std::span<std::byte> out, std::size_t offset);

}  // namespace sonde
