// SPDX-License-Identifier: Apache-2.0
// An open file that may lie on a file system in user space (FUSE), where even closing it waits for
// the server: FUSE_FLUSH is sent at each close(2), and no signal ends that wait
// (fs/fuse/file.c: fuse_flush).
#pragma once

#include <memory>

#include "core/base/fd.h"

namespace sonde {

// Null: no file. The last owner closes it, and never waits: what lies on FUSE is closed on a thread
// of its own.
using ForeignFile = std::shared_ptr<const UniqueFd>;

// Waits for the file system, to learn what it is (TimedCalls). Null if `fd` is empty.
ForeignFile adopt_foreign(UniqueFd fd);

}  // namespace sonde
