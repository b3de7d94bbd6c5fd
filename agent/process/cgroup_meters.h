// SPDX-License-Identifier: Apache-2.0
// The kernel's CPU accounting of cgroups, read again and again: what each was charged in between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/process/cgroup_layout.h"
#include "agent/process/loss.h"
#include "agent/process/proc_reader.h"
#include "core/base/fd.h"
#include "core/model/cpu_charges.h"

namespace sonde {

// Thread-confined. Holds a descriptor for each cgroup that is watched.
class CgroupMeters {
 public:
  static constexpr std::size_t kMaxCgroups = 1'024;
  static constexpr std::size_t kMaxNew = 128;      // between two readings
  static constexpr std::uint32_t kMaxUnseen = 60;  // readings that nobody watched it for
  static constexpr std::uint32_t kAskAgain = 6;    // readings, of one that is accounted elsewhere

  // Both outlive this.
  CgroupMeters(const CgroupLayout& layout, const ProcReader& proc) : layout_(layout), proc_(proc) {}

  // Reads every cgroup that is watched, until `latest_ns` of CLOCK_MONOTONIC.
  //
  // returns  by path, what each was charged since the last reading, or since it is watched. What
  //          cannot be told is left out and counted.
  // cost     about 2 us a cgroup; on cgroup v2 the kernel also adds up what changed below it.
  std::vector<CgroupCharge> read(std::uint64_t latest_ns);

  // From here on `cgroup` is read too, while it is watched. The root is not: it is the host.
  //
  // tgids  some processes in it: where ids come from another hierarchy than the accounting, the
  //        first that still runs says whether it is at the same path in both.
  // cost   a look-up; 25 us for a new one, twice that where a process has to be asked.
  void watch(const std::string& cgroup, std::span<const std::uint32_t> tgids);

  [[nodiscard]] const ChargeLossCounts& lost() const { return lost_; }

 private:
  struct Meter {
    UniqueFd file;  // none: its processes are accounted elsewhere
    std::uint64_t ns = 0;
    std::uint32_t unseen = 0;  // readings since it was watched last
  };

  void count(ChargeLoss why) { ++lost_[static_cast<std::size_t>(why)]; }
  void open(const std::string& cgroup);
  [[nodiscard]] Result<std::uint64_t> usage(const UniqueFd& file) const;
  // None: no process is left to ask.
  [[nodiscard]] std::optional<bool> is_at_one_path(std::span<const std::uint32_t> tgids) const;

  const CgroupLayout& layout_;
  const ProcReader& proc_;
  std::map<std::string, Meter, std::less<>> meters_;
  std::size_t new_ = 0;  // since the last reading
  ChargeLossCounts lost_{};
};

}  // namespace sonde
