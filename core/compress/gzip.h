// SPDX-License-Identifier: Apache-2.0
// gzip and zlib streams in memory; pprof files and compressed ELF sections. Output is bounded:
// a stream that would grow past the caller's limit is an error, never memory. Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace sonde {

// One gzip member (RFC 1952) without a time stamp: equal input gives equal output.
//
// level   1 (fast) to 9 (small).
// errors  kInvalidArgument  level out of range; kResourceExhausted  out of memory.
Result<std::string> gzip_compress(std::string_view bytes, int level = 6);

// Every member of a gzip file, in order.
//
// max_bytes  limit of the output.
// errors     kInvalidArgument  not gzip, damaged, bytes behind the last member: the message gives
//                              the byte offset in the input
//            kDataLoss         the stream is cut short
//            kOutOfRange       more than max_bytes of output
Result<std::string> gzip_decompress(std::string_view bytes, std::size_t max_bytes);
// The same; on an error `intact` receives what was decoded before it.
Result<std::string> gzip_salvage(std::string_view bytes, std::size_t max_bytes,
                                 std::string& intact);

// One zlib stream (RFC 1950), as in SHF_COMPRESSED sections. Errors as gzip_decompress.
Result<std::string> zlib_decompress(std::string_view bytes, std::size_t max_bytes);

// True if the bytes begin like a gzip member.
bool looks_like_gzip(std::string_view bytes);

}  // namespace sonde
