// SPDX-License-Identifier: Apache-2.0
// Directories in which sonde keeps its own state: caches, history. Stateless, thread-safe.
#pragma once

#include <string>

#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

// Opens a directory for reading and for the *at calls, creating it and its parents with mode 0700.
// It must belong to this user and be writable by nobody else: what others could put there would be
// believed. The last part of the path may not be a symbolic link.
// errors  kPermissionDenied (owner or mode), those of mkdir(2) and open(2).
Result<UniqueFd> open_private_directory(const std::string& path);

}  // namespace sonde
