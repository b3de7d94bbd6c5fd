// SPDX-License-Identifier: Apache-2.0
#include "agent/process/cgroup_paths.h"

#include <sys/stat.h>

#include <filesystem>
#include <system_error>

namespace sonde {

const std::string& CgroupPaths::path_of(std::uint64_t id, std::uint64_t now_ns) {
  static const std::string kUnknown;
  auto found = paths_.find(id);
  const bool may_look = looked_ns_ == 0 || now_ns >= looked_ns_ + kBetweenLooksNs;
  if (found == paths_.end() && id != 0 && may_look) {
    looked_ns_ = now_ns;
    look();
    found = paths_.find(id);
  }
  return found == paths_.end() ? kUnknown : found->second;
}

void CgroupPaths::look() {
  if (layout_.mount.empty()) return;
  if (paths_.size() >= kMaxCgroups) paths_.clear();  // those that exist come back
  const auto add = [this](const std::string& directory) {
    struct stat about {};
    if (::lstat(directory.c_str(), &about) != 0 || paths_.size() >= kMaxCgroups) return;
    const std::string below = directory.substr(layout_.mount.size());
    paths_[about.st_ino] = below.empty() ? "/" : below;
  };
  add(layout_.mount);
  std::error_code error;  // cgroups come and go meanwhile
  auto entry = std::filesystem::recursive_directory_iterator(
      layout_.mount, std::filesystem::directory_options::skip_permission_denied, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(error)) {
    std::error_code gone;
    if (entry->is_directory(gone) && !gone) add(entry->path().string());
  }
}

}  // namespace sonde
