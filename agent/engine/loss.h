// SPDX-License-Identifier: Apache-2.0
// What did not fit the kernel's tables, or had to leave them. X(id, name, help). None of it is
// lost: walks that miss tables are deferred, and bring them back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#define SONDE_TABLE_LOSSES(X)                                                                   \
  X(kTableFull, "table_full", "processes, ranges or images that found no place")                \
  X(kProcessesEvicted, "processes_evicted", "processes that made room for others")              \
  X(kRangesCut, "ranges_cut", "publications of a process with more ranges than one may have")   \
  X(kRowsLeftOut, "rows_left_out", "images without room for their rows that no walk asked for") \
  X(kRowsEvicted, "rows_evicted", "images whose rows made room for others")                     \
  X(kRowsOverBudget, "rows_over_budget",                                                        \
    "images without room for their rows while all others are in use")

namespace sonde {

enum class TableLoss : std::uint8_t {
#define X(id, name, help) id,
  SONDE_TABLE_LOSSES(X)
#undef X
      kCount
};

inline constexpr std::array kTableLossNames = {
#define X(id, name, help) name,
    SONDE_TABLE_LOSSES(X)
#undef X
};

using TableLossCounts = std::array<std::uint64_t, static_cast<std::size_t>(TableLoss::kCount)>;

}  // namespace sonde
