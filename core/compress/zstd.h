// SPDX-License-Identifier: Apache-2.0
// zstd frames in memory. Output is bounded by the caller's limit. Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace sonde {

// One frame that states its content size, with a checksum.
//
// level   1 to 19.
// errors  kInvalidArgument  level out of range; kResourceExhausted  out of memory.
Result<std::string> zstd_compress(std::string_view bytes, int level = 3);

// Every frame of `bytes`, in order.
//
// max_bytes  limit of the output. Frames that need a window over 128 MiB are refused.
// errors     kInvalidArgument  not zstd, or damaged: the message gives the byte offset
//            kDataLoss         the last frame is cut short
//            kOutOfRange       more than max_bytes of output
Result<std::string> zstd_decompress(std::string_view bytes, std::size_t max_bytes);

}  // namespace sonde
