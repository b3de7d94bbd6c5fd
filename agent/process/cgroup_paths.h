// SPDX-License-Identifier: Apache-2.0
// Paths of cgroups by their kernfs id, as samples carry it.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "agent/process/cgroup_layout.h"

namespace sonde {

// Thread-confined.
class CgroupPaths {
 public:
  static constexpr std::size_t kMaxCgroups = 65'536;  // that are remembered
  static constexpr std::uint64_t kBetweenLooksNs = 1'000'000'000;

  explicit CgroupPaths(const CgroupLayout& layout) : layout_(layout) {}

  // The path under the mount (`/system.slice/ssh.service`, `/`); empty if it is not known. A cgroup
  // that is gone stays known if it was seen. One that is new is looked for, at most once a second.
  // cost  a look-up; a look is a walk through the tree: about 5 us a cgroup.
  const std::string& path_of(std::uint64_t id, std::uint64_t now_ns);

 private:
  void look();

  const CgroupLayout& layout_;
  std::unordered_map<std::uint64_t, std::string> paths_;
  std::uint64_t looked_ns_ = 0;
};

}  // namespace sonde
