// SPDX-License-Identifier: Apache-2.0
// Directories in which sonde keeps its own state: caches, history.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

// Opens a directory for reading and for the *at calls, creating it and its parents with mode 0700.
// It must belong to this user and be writable by nobody else: what others could put there would be
// believed. The last part of the path may not be a symbolic link.
// errors  kPermissionDenied (owner or mode), those of mkdir(2) and open(2).
Result<UniqueFd> open_private_directory(const std::string& path);

// Such a directory that is opened again and again, so that nothing holds its disk in between: a
// disk that fails can be unmounted and repaired. It is made anew where somebody removed it, but not
// where its disk went with it: what was put there then would be hidden once the disk is back.
// Thread-confined.
class PrivateDirectory {
 public:
  explicit PrivateDirectory(std::string path) : path_(std::move(path)) {}

  // errors  kUnavailable  it is missing, and what is there in its place is another file system
  //         those of open_private_directory()
  // cost    some system calls, 10 us
  Result<UniqueFd> open();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::optional<dev_t> device_;  // that it was on when it was opened last
};

}  // namespace sonde
