// SPDX-License-Identifier: Apache-2.0
// Beside stage 4: what the kernel charged during each window, by its own accounting, read where one
// window ends and the next begins.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "agent/pipeline/window_set.h"
#include "agent/process/cgroup_meters.h"
#include "agent/process/cgroup_paths.h"
#include "agent/process/loss.h"
#include "agent/process/proc_reader.h"
#include "core/model/cpu_charges.h"

namespace sonde {

// Thread-confined (the session's).
class WindowCharges {
 public:
  // A reading that is later than this after a window's end is of no window: a hundredth of one, and
  // never less than 50 ms. What one window has too much by it, the next one lacks.
  static constexpr std::uint64_t kParts = 100;
  static constexpr std::uint64_t kLeastLateNs = 50'000'000;

  // All outlive this. window_ns  length of the windows; 0: nothing is read.
  WindowCharges(const CgroupLayout& layout, const ProcReader& proc, CgroupPaths& paths,
                std::uint64_t window_ns);

  // Call it after windows begin() and at each look: when a window has ended, everything is read.
  //
  // cost  nothing in between; 100 us for the host, and CgroupMeters'.
  void observe(const WindowSet& windows);

  // Of a window that ended; windows are asked for in their order. None if it was not read at both
  // its ends, or if it was cut by the end of the session.
  std::optional<CpuCharges> take(const WindowSpan& span);

  // By reason, since the start.
  [[nodiscard]] ChargeLossCounts lost() const;

 private:
  struct Ended {
    std::uint64_t begin_mono_ns = 0;
    std::uint64_t end_mono_ns = 0;
    CpuCharges charges;
  };
  static constexpr std::size_t kMaxEnded = 64;  // windows wait for late samples, for seconds

  void watch_those_of(const WindowSet& windows);

  const CgroupLayout& layout_;
  const ProcReader& proc_;
  CgroupPaths& paths_;
  const std::uint64_t window_ns_;
  CgroupMeters meters_;
  std::uint64_t boundary_ns_ = 0;         // where the last window ended; 0: none has begun
  std::optional<std::uint64_t> host_ns_;  // as read there; none: not in time
  std::uint64_t late_ = 0;
  std::deque<Ended> ended_;
};

}  // namespace sonde
