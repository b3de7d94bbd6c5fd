// SPDX-License-Identifier: Apache-2.0
#include "core/base/directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sonde {
namespace {

Result<void> make_directories(const std::string& path) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      return Error::from_errno(errno, "create " + part);
    }
    if (slash == std::string::npos) return {};
  }
}

// Of the path, or of its nearest parent that exists.
std::optional<dev_t> device_of(std::string path) {
  struct stat status {};
  while (::stat(path.c_str(), &status) != 0) {
    const std::size_t slash = path.rfind('/');
    if (errno != ENOENT || slash == std::string::npos || path == "/") return std::nullopt;
    path.resize(std::max<std::size_t>(slash, 1));
  }
  return status.st_dev;
}

}  // namespace

Result<UniqueFd> open_private_directory(const std::string& path) {
  const auto open = [&path] {
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  };
  // First without mkdir(2), which waits for a disk that hangs also where nothing is to be made.
  UniqueFd fd = open();
  if (!fd && errno == ENOENT) {
    if (auto made = make_directories(path); !made) return made.error();
    fd = open();
  }
  if (!fd) return Error::from_errno(errno, "open " + path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Error::from_errno(errno, "stat " + path);
  if (status.st_uid != ::geteuid() || (status.st_mode & 022U) != 0) {
    return Error{ErrorCode::kPermissionDenied,
                 path + " belongs to another user or is writable by others"};
  }
  return fd;
}

Result<UniqueFd> PrivateDirectory::open() {
  struct stat status {};
  const bool is_missing = ::stat(path_.c_str(), &status) != 0 && errno == ENOENT;
  if (is_missing && device_ && device_of(path_) != device_) {
    return Error{ErrorCode::kUnavailable, path_ + " is missing with the disk that it was on"};
  }
  auto fd = open_private_directory(path_);
  if (fd && ::fstat(fd->get(), &status) == 0) device_ = status.st_dev;
  return fd;
}

}  // namespace sonde
