// SPDX-License-Identifier: Apache-2.0
// Points in time as people and pages write them. Stateless, thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/result.h"

namespace sonde {

struct TimeRange {
  std::int64_t from_ns = 0;  // Unix time
  std::int64_t to_ns = 0;    // later than from_ns
  bool to_now = false;       // it ends where time does: the open window belongs to it
  bool is_absolute = false;  // neither end moves with time
};

// `now`, `now-1h30m`, `-5m` (units ms s m h d w), a Unix time in milliseconds, or RFC 3339
// (`2025-06-13T14:02:00Z`, fractions and offsets too). Nanoseconds since 1970.
//
// errors  kInvalidArgument, with what would be right.
Result<std::int64_t> parse_time(std::string_view text, std::int64_t now_ns);

// errors  as parse_time, and kInvalidArgument if `from` is not before `to`.
Result<TimeRange> parse_time_range(std::string_view from, std::string_view to, std::int64_t now_ns);

}  // namespace sonde
