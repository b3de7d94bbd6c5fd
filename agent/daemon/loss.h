// SPDX-License-Identifier: Apache-2.0
// What is lost between the session and the history. X(id, name, help).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#define SONDE_WRITER_LOSSES(X)      \
  X(kWriterBehind, "writer_behind", \
    "windows dropped, oldest first: the disk or the symbolizer held the writer up for minutes")

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
