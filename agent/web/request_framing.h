// SPDX-License-Identifier: Apache-2.0
// Where a request ends in a stream of bytes, and whether it is one that this server reads at all:
// decided before anything is parsed. Stricter than HTTP asks, so that no two readers of the same
// bytes could disagree. Stateless, thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "agent/web/loss.h"

namespace sonde {

struct FramingLimits {
  std::size_t head_bytes = std::size_t{16} * 1024;   // request line and headers
  std::size_t target_bytes = std::size_t{8} * 1024;  // path and query
  std::size_t headers = 64;                          // lines
  std::size_t body_bytes = std::size_t{64} * 1024;
};

struct RequestFrame {
  // Of the request with its body, from the first byte; none if more bytes are needed, or if it is
  // refused.
  std::optional<std::size_t> bytes;
  int status = 0;  // of a refusal: 400, 411, 413, 414, 431; then nothing behind it can be read
  HttpRefusal refusal = HttpRefusal::kMalformed;
  std::string_view why;  // one sentence for the client
};

// Lines must end in CR LF and be in one piece, names of headers be tokens, Content-Length be one
// number; Transfer-Encoding is not read.
//
// cost    linear in the head.
// source  RFC 9112, RFC 9110.
RequestFrame frame_request(std::string_view received, const FramingLimits& limits);

// True if the line (`Name: value`) is a header of that name, in any case.
bool is_header_line(std::string_view line, std::string_view name);

}  // namespace sonde
