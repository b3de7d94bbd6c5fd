// SPDX-License-Identifier: Apache-2.0
// Identity of an open file while it does not change: what in-memory caches are keyed by.
#pragma once

#include <compare>
#include <cstdint>

#include "core/base/result.h"

namespace sonde {

// A write, truncation or replacement changes mtime, ctime, size or inode; ctime cannot be set.
struct FileKey {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  auto operator<=>(const FileKey&) const = default;

  // errors: unreadable (not a regular file, or fstat(2) failed).
  static Result<FileKey> of(int fd);
};

}  // namespace sonde
