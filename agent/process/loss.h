// SPDX-License-Identifier: Apache-2.0
// Why the kernel's CPU accounting of a cgroup or of a window is left out. X(id, name, help). No
// sample is lost by it: neither side of the comparison has what is left out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#define SONDE_CHARGE_LOSSES(X)                                                               \
  X(kChargeLate, "charge_late", "ends of windows at which the accounting was read too late") \
  X(kCgroupGone, "cgroup_gone", "cgroups that were removed before they were read again")     \
  X(kCgroupBack, "cgroup_back", "cgroups whose CPU time went back")                          \
  X(kCgroupUnreadable, "cgroup_unreadable", "cgroups whose CPU time could not be read")      \
  X(kCgroupElsewhere, "cgroup_elsewhere",                                                    \
    "cgroups whose processes are accounted for under another path")                          \
  X(kCgroupLimit, "cgroup_limit", "cgroups past the number that is read")

namespace sonde {

enum class ChargeLoss : std::uint8_t {
#define X(id, name, help) id,
  SONDE_CHARGE_LOSSES(X)
#undef X
      kCount
};

inline constexpr std::array kChargeLossNames = {
#define X(id, name, help) name,
    SONDE_CHARGE_LOSSES(X)
#undef X
};

using ChargeLossCounts = std::array<std::uint64_t, static_cast<std::size_t>(ChargeLoss::kCount)>;

}  // namespace sonde
