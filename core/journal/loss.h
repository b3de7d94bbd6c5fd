// SPDX-License-Identifier: Apache-2.0
// Why a journal does not take a record, and why one that it took is not there any more.
// X(id, name, help).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/result.h"

// Appends that failed. The record is still the writer's, who may try again.
#define SONDE_JOURNAL_REFUSALS(X)                                                              \
  X(kDiskFull, "disk_full", "appends that found no space (ENOSPC, EDQUOT)")                    \
  X(kDiskReadOnly, "disk_read_only", "appends that may not write (EROFS, EACCES, EPERM)")      \
  X(kDiskError, "disk_error", "appends that failed otherwise (EIO, a directory that is gone)") \
  X(kRecordTooLarge, "record_too_large", "records larger than a journal takes, or than its cap")

// Records that are gone.
#define SONDE_JOURNAL_LOSSES(X)                                                      \
  X(kOverBytes, "over_bytes", "records shed, oldest first, to stay under the bytes") \
  X(kOverAge, "over_age", "records shed for their age")                              \
  X(kDamaged, "damaged", "records that cannot be read back")

namespace sonde {

enum class JournalRefusal : std::uint8_t {
#define X(id, name, help) id,
  SONDE_JOURNAL_REFUSALS(X)
#undef X
      kCount
};
inline constexpr std::array kJournalRefusalNames = {
#define X(id, name, help) name,
    SONDE_JOURNAL_REFUSALS(X)
#undef X
};
using JournalRefusalCounts =
    std::array<std::uint64_t, static_cast<std::size_t>(JournalRefusal::kCount)>;

enum class JournalLoss : std::uint8_t {
#define X(id, name, help) id,
  SONDE_JOURNAL_LOSSES(X)
#undef X
      kCount
};
inline constexpr std::array kJournalLossNames = {
#define X(id, name, help) name,
    SONDE_JOURNAL_LOSSES(X)
#undef X
};
using JournalLossCounts = std::array<std::uint64_t, static_cast<std::size_t>(JournalLoss::kCount)>;

// Which refusal an error of Journal::append() is.
JournalRefusal refusal_of(const Error& error);

}  // namespace sonde
