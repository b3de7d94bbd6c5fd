// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <utility>

#include "agent/cli/figures.h"
#include "core/base/file.h"

namespace sonde {
namespace {

Error cannot_write(int err, const std::string& path) {
  Error error = Error::from_errno(err, "cannot write " + path);
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (err == ENOENT) error.message += "\nCreate the directory first: mkdir -p " + directory;
  if (err == EACCES || err == EPERM) {
    error.message += "\nChoose a directory that you may write to, such as -o /tmp/" +
                     path.substr(slash == std::string::npos ? 0 : slash + 1);
  }
  if (err == EROFS) error.message += "\nChoose a directory on a writable file system.";
  return error;
}

Error disk_full(const std::string& path, std::size_t needed, int err, int fd) {
  std::string message = "no room for " + path + ": it needs " + format_bytes(needed) + " (" +
                        format_count(needed) + " bytes)";
  struct statvfs room {};
  if (err == ENOSPC && ::fstatvfs(fd, &room) == 0) {
    message += ", " + format_bytes(std::uint64_t{room.f_bavail} * room.f_frsize) + " are free";
  }
  if (err == EDQUOT) message += ", the disk quota is used up";
  return Error{ErrorCode::kResourceExhausted,
               message + ".\nMake room or choose another disk, and record again.", err};
}

// A new file gets the usual mode; a replaced one keeps its own.
void set_mode(int fd, const struct stat* replaced) {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  const mode_t mode = replaced == nullptr ? 0666 & ~mask : replaced->st_mode & 07777;
  // Not worth a failure: the file is then readable by its owner alone.
  if (::fchmod(fd, mode) != 0) return;
}

}  // namespace

Result<OutputFile> OutputFile::open(const std::string& path) {
  if (path == "-") return OutputFile(path, "", UniqueFd(::fcntl(1, F_DUPFD_CLOEXEC, 3)));

  struct stat info {};
  const bool exists = ::stat(path.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) {
    return Error{ErrorCode::kInvalidArgument,
                 "cannot write " + path + ": it is a directory. Name a file in it."};
  }
  if (exists && !S_ISREG(info.st_mode)) {
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) return cannot_write(errno, path);
    return OutputFile(path, "", std::move(fd));
  }
  std::string target = path;
  char resolved[PATH_MAX];
  if (exists && ::realpath(path.c_str(), resolved) != nullptr) target = resolved;
  std::string temporary = target + ".XXXXXX";
  UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return cannot_write(errno, path);
  set_mode(fd.get(), exists ? &info : nullptr);
  return OutputFile(std::move(target), std::move(temporary), std::move(fd));
}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> OutputFile::commit(std::string_view bytes) {
  if (auto written = write_all(fd_.get(), bytes); !written) {
    const int err = written.error().sys_errno;
    if (err == ENOSPC || err == EDQUOT) return disk_full(path_, bytes.size(), err, fd_.get());
    return written.error().with_context("cannot write " + path_);
  }
  if (temporary_.empty()) return {};
  if (::fsync(fd_.get()) != 0) {
    const int err = errno;
    if (err == ENOSPC || err == EDQUOT) return disk_full(path_, bytes.size(), err, fd_.get());
    return Error::from_errno(err, "cannot write " + path_);
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return cannot_write(errno, path_);
  temporary_.clear();
  return {};
}

}  // namespace sonde
