// SPDX-License-Identifier: Apache-2.0
// What is lost between the session and the history: windows, and names of theirs. X(id, name,
// help).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#define SONDE_WRITER_LOSSES(X)                                                                  \
  X(kWriterBehind, "writer_behind",                                                             \
    "windows dropped, oldest first: the disk or the symbolizer held the writer up for minutes") \
  X(kNamesHurried, "names_hurried",                                                             \
    "names that were not looked up: the agent was ending, and the symbolizer took too long")

namespace sonde {

enum class WriterLoss : std::uint8_t {
#define X(id, name, help) id,
  SONDE_WRITER_LOSSES(X)
#undef X
      kCount
};

inline constexpr std::array kWriterLossNames = {
#define X(id, name, help) name,
    SONDE_WRITER_LOSSES(X)
#undef X
};

using WriterLossCounts = std::array<std::uint64_t, static_cast<std::size_t>(WriterLoss::kCount)>;

}  // namespace sonde
