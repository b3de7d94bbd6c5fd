// SPDX-License-Identifier: Apache-2.0
// xz files in memory: MiniDebugInfo (.gnu_debugdata). Decoding only. Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace sonde {

// Every stream of an .xz file, in order, checksums verified.
//
// max_bytes  limit of the output. Streams whose decoder needs more than 80 MiB (xz -9 needs 65)
//            are refused.
// errors     kInvalidArgument    not xz, or damaged: the message gives the byte offset
//            kDataLoss           the file is cut short
//            kOutOfRange         more than max_bytes of output
//            kResourceExhausted  the decoder would need too much memory
Result<std::string> xz_decompress(std::string_view bytes, std::size_t max_bytes);

}  // namespace sonde
