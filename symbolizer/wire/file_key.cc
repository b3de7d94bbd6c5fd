// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/wire/file_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <cstring>

#include "symbolizer/wire/reason.h"

namespace sonde {
namespace {

std::int64_t nanoseconds(const statx_timestamp& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Result<FileKey> FileKey::of(int fd) {
  struct statx status {};
  // What the kernel knows: a server that does not answer is not waited for.
  if (::statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &status) != 0) {
    return refuse(Reason::kUnreadable, std::strerror(errno));
  }
  if (!S_ISREG(status.stx_mode)) return refuse(Reason::kUnreadable, "not a regular file");
  return FileKey{makedev(status.stx_dev_major, status.stx_dev_minor), status.stx_ino,
                 status.stx_size, nanoseconds(status.stx_mtime), nanoseconds(status.stx_ctime)};
}

}  // namespace sonde
