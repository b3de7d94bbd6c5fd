// SPDX-License-Identifier: Apache-2.0
// Clock readings in nanoseconds. Monotonic is the clock of bpf_ktime_get_ns and of the sideband.
#pragma once

#include <cstdint>
#include <ctime>

namespace sonde {

inline std::uint64_t clock_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}
inline std::uint64_t monotonic_ns() { return clock_ns(CLOCK_MONOTONIC); }
inline std::uint64_t wall_ns() { return clock_ns(CLOCK_REALTIME); }

}  // namespace sonde
