// SPDX-License-Identifier: Apache-2.0
// How much kernel memory a session's unwind tables may take. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

#include "agent/capture/unwind_tables.h"
#include "agent/engine/session.h"

namespace sonde {

inline constexpr std::uint32_t kMaxRowChunks = 12;  // 48 MiB: with the other maps under 64 MiB

inline TableLimits table_limits(const SessionOptions& options) {
  TableLimits limits{.chunks = kMaxRowChunks};
  if (options.max_rows > 0) {
    limits.chunks = std::min(kMaxRowChunks, options.max_rows / SONDE_CHUNK_ROWS + 1);
    limits.rows_per_chunk = options.max_rows / limits.chunks;
  }
  if (options.max_ranges > 0) limits.ranges = options.max_ranges;
  return limits;
}

}  // namespace sonde
