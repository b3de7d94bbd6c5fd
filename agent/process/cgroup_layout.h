// SPDX-License-Identifier: Apache-2.0
// How cgroups are laid out on this host, and the kernfs id of a named one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace sonde {

// On v1 and hybrid hosts most tasks sit in the root of the unified hierarchy, so there the memory
// controller's v1 hierarchy names them.
struct CgroupLayout {
  bool v1_memory = false;
  std::string mount{};  // of the hierarchy that ids are taken from; empty if none is mounted
  // CPU time is accounted by v1's cpuacct controller where ids are of v1 and it is mounted, else in
  // the unified hierarchy, which accounts for every cgroup of its own.
  bool cpu_v1 = false;
  std::string cpu_mount{};  // of that hierarchy; empty if it is not mounted

  [[nodiscard]] const char* name() const { return v1_memory ? "v1-memory" : "v2"; }
  // In each directory: what it was charged.
  [[nodiscard]] const char* cpu_file() const { return cpu_v1 ? "cpuacct.usage" : "cpu.stat"; }
};

// mounts   text in the format of /proc/self/mounts.
CgroupLayout parse_cgroup_layout(std::string_view mounts);
Result<CgroupLayout> read_cgroup_layout();

// path     under the mount (`/system.slice/x.service`), or absolute with the mount in front.
// returns  the kernfs id = the directory's inode number.
// errors   kNotFound (message names where it was looked for).
Result<std::uint64_t> cgroup_id_of(const CgroupLayout& layout, const std::string& path);

}  // namespace sonde
