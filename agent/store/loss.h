// SPDX-License-Identifier: Apache-2.0
// Windows that were closed and are not in the history, and what a reader of it leaves out.
// X(id, name, help).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#define SONDE_HISTORY_LOSSES(X)                                                               \
  X(kMemoryFull, "history_memory_full",                                                       \
    "windows dropped, oldest first: the disk takes none and the memory for them is full")     \
  X(kWindowTooLarge, "window_too_large", "windows larger than the journal takes, or its cap") \
  X(kDiskLost, "disk_lost",                                                                   \
    "windows that a failing disk had taken and does not have any more now that it works")

#define SONDE_READ_LOSSES(X) \
  X(kReadLimit, "read_limit", "samples of a range with more distinct stacks than one answer holds")

namespace sonde {

enum class HistoryLoss : std::uint8_t {
#define X(id, name, help) id,
  SONDE_HISTORY_LOSSES(X)
#undef X
      kCount
};

inline constexpr std::array kHistoryLossNames = {
#define X(id, name, help) name,
    SONDE_HISTORY_LOSSES(X)
#undef X
};

inline constexpr std::array kReadLossNames = {
#define X(id, name, help) name,
    SONDE_READ_LOSSES(X)
#undef X
};

using HistoryLossCounts = std::array<std::uint64_t, static_cast<std::size_t>(HistoryLoss::kCount)>;

}  // namespace sonde
