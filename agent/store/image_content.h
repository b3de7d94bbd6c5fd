// SPDX-License-Identifier: Apache-2.0
// What the names of a file are kept under (docs/decisions/0010-content-of-an-image.md): the
// `content` of an ImageIdentity, made where the file is sampled and again where it is read.
#pragma once

#include <string>

#include "core/base/result.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

// SHA-256 as 64 hex digits, over the hash of the file's unwind tables, its size, and what the
// kernel alone says of it: device, inode, times of the last change of its data and of its inode.
// The same as long as the file is not written to, renamed or given another owner.
//
// fd      of a regular file.
// info    what SymbolizerClient::describe() says of the same descriptor.
// errors  as FileKey::of(); kInvalidArgument: `info` has no hash; kFailedPrecondition: libcrypto
// cost    one statx(2) that waits for no server, 1 us of hashing
Result<std::string> image_content(int fd, const FileInfo& info);

}  // namespace sonde
