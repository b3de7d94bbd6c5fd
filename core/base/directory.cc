// SPDX-License-Identifier: Apache-2.0
#include "core/base/directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

}  // namespace

Result<UniqueFd> open_private_directory(const std::string& path) {
  if (auto made = make_directories(path); !made) return made.error();
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return Error::from_errno(errno, "open " + path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Error::from_errno(errno, "stat " + path);
  if (status.st_uid != ::geteuid() || (status.st_mode & 022U) != 0) {
    return Error{ErrorCode::kPermissionDenied,
                 path + " belongs to another user or is writable by others"};
  }
  return fd;
}

}  // namespace sonde
