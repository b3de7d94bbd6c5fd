// SPDX-License-Identifier: Apache-2.0
#include "agent/process/cgroup_layout.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/base/file.h"

namespace sonde {
namespace {

// Device, mount point, type and options: the first four words of a line.
std::array<std::string_view, 4> first_words(std::string_view line) {
  std::array<std::string_view, 4> words;
  for (std::string_view& word : words) {
    word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(line.size(), word.size() + 1));
  }
  return words;
}

bool has_option(std::string_view options, std::string_view wanted) {
  while (!options.empty()) {
    const std::string_view option = options.substr(0, options.find(','));
    if (option == wanted) return true;
    options.remove_prefix(std::min(options.size(), option.size() + 1));
  }
  return false;
}

}  // namespace

CgroupLayout parse_cgroup_layout(std::string_view mounts) {
  CgroupLayout unified, memory;
  std::string cpuacct;
  while (!mounts.empty()) {
    const std::string_view line = mounts.substr(0, mounts.find('\n'));
    mounts.remove_prefix(std::min(mounts.size(), line.size() + 1));
    const auto [device, point, type, options] = first_words(line);
    if (type == "cgroup2" && unified.mount.empty()) unified.mount = point;
    if (type == "cgroup" && memory.mount.empty() && has_option(options, "memory")) {
      memory = CgroupLayout{.v1_memory = true, .mount = std::string(point)};
    }
    if (type == "cgroup" && cpuacct.empty() && has_option(options, "cpuacct")) cpuacct = point;
  }
  CgroupLayout out = memory.mount.empty() ? unified : memory;
  out.cpu_v1 = out.v1_memory && !cpuacct.empty();
  out.cpu_mount = out.cpu_v1 ? cpuacct : unified.mount;
  return out;
}

Result<CgroupLayout> read_cgroup_layout() {
  const auto text = read_file("/proc/self/mounts", std::size_t{16} << 20);
  if (!text) return text.error();
  return parse_cgroup_layout(*text);
}

Result<std::uint64_t> cgroup_id_of(const CgroupLayout& layout, const std::string& path) {
  if (layout.mount.empty()) {
    return Error{ErrorCode::kNotFound, "no cgroup hierarchy is mounted here"};
  }
  const bool absolute = path.starts_with(layout.mount);
  const std::string slash = path.starts_with('/') ? "" : "/";
  const std::string full = absolute ? path : layout.mount + slash + path;
  struct stat info {};
  if (::stat(full.c_str(), &info) != 0) {
    return Error::from_errno(errno, "cgroup " + path + ": looked for " + full);
  }
  if (!S_ISDIR(info.st_mode)) return Error{ErrorCode::kNotFound, full + " is no cgroup"};
  return std::uint64_t{info.st_ino};
}

}  // namespace sonde
