// SPDX-License-Identifier: Apache-2.0
// Reasons for which an emitted sample is not stored. X(id, name, help). The books:
// emitted = stored + the sum of these.
#pragma once

#include <array>
#include <cstdint>

#define SONDE_USER_LOSSES(X)                                                     \
  X(kDamagedRecord, "damaged_record", "a record of the ring that made no sense") \
  X(kStackLimit, "stack_limit", "the window holds as many distinct stacks as it may")

namespace sonde {

enum class UserLoss : std::uint8_t {
#define X(id, name, help) id,
  SONDE_USER_LOSSES(X)
#undef X
      kCount
};

constexpr std::array kUserLossNames = {
#define X(id, name, help) name,
    SONDE_USER_LOSSES(X)
#undef X
};

using UserLossCounts = std::array<std::uint64_t, static_cast<std::size_t>(UserLoss::kCount)>;

}  // namespace sonde
