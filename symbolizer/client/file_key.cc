// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/file_key.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "symbolizer/wire/reason.h"

namespace sonde {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Result<FileKey> FileKey::of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return refuse(Reason::kUnreadable, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return refuse(Reason::kUnreadable, "not a regular file");
  return FileKey{status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
                 nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

}  // namespace sonde
