// SPDX-License-Identifier: Apache-2.0
#include "agent/process/code_maps.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "bpf/abi/rows.h"
#include "core/base/clock.h"
#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::uint64_t kLookAgainNs = 1'000'000'000;
constexpr std::size_t kMaxDumps = 4;  // of one process
constexpr std::size_t kMaxRefused = 65'536;
constexpr std::int64_t kClockSlackSeconds = 2;
constexpr std::uint32_t kNobody = ~std::uint32_t{0};  // owns no file

// A name such as jit-1234.dump, which perf asks for.
bool is_dump(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name.starts_with("jit-") && name.ends_with(".dump");
}

// Files there are the kernel's own words, which a process may bind over its map.
bool is_kernel_made(int fd) {
  struct statfs about {};
  if (::fstatfs(fd, &about) != 0) return true;
  constexpr auto kKernelMade = std::to_array<std::uint32_t>(
      {PROC_SUPER_MAGIC, SYSFS_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC, CGROUP_SUPER_MAGIC,
       CGROUP2_SUPER_MAGIC, SECURITYFS_MAGIC, BPF_FS_MAGIC, EFIVARFS_MAGIC});
  return std::ranges::count(kKernelMade, static_cast<std::uint32_t>(about.f_type)) > 0;
}

// Anybody may write into /tmp, and put any file there by a link or a mount: a map is the process's
// own, or root's that the process could read anyway.
bool is_trusted(const struct stat& status, std::uint32_t owner) {
  if (status.st_uid == owner) return true;
  return status.st_uid == 0 && (status.st_mode & S_IROTH) != 0;
}

// The file of that name, with every link resolved inside the process's own root.
UniqueFd open_in_root(int root, const std::string& path, std::uint32_t owner, struct stat& status) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const UniqueFd place(
      static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how))));
  if (!place || ::fstat(place.get(), &status) != 0) return {};
  if (!is_trusted(status, owner) || is_kernel_made(place.get())) return {};
  auto fd = reopen_regular(place);
  return fd ? std::move(*fd) : UniqueFd{};
}

// Seconds since the epoch at which a process began.
std::int64_t begin_of(std::uint64_t start_ticks) {
  timespec wall{}, boot{};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  ::clock_gettime(CLOCK_BOOTTIME, &boot);
  return wall.tv_sec - boot.tv_sec +
         static_cast<std::int64_t>(start_ticks * SONDE_START_TICK_NS / 1'000'000'000);
}

void add_copy(const UniqueFd& fd, std::vector<UniqueFd>& files) {
  UniqueFd copy(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  if (copy) files.push_back(std::move(copy));
}

}  // namespace

CodeMaps::View CodeMaps::view_of(const Process& process) const {
  View view;
  const auto inner_id = proc_.inner_id(process.tgid);
  const auto owner = proc_.owner(process.tgid);
  view.inner_id = inner_id ? *inner_id : process.tgid;
  view.owner = owner ? *owner : kNobody;
  const std::string root = proc_.root_of(process.tgid);
  view.root = UniqueFd(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  view.begin_s = begin_of(process.start_ticks);
  return view;
}

void CodeMaps::find_dumps(const Process& process, View& view) const {
  for (const CodeRange& range : *process.ranges) {
    if (view.dumps.size() == kMaxDumps) return;
    if (range.kind != RangeKind::kImage || !is_dump(images_.at(range.image).path)) continue;
    if (std::ranges::count(view.dumps, range.image) == 0) view.dumps.push_back(range.image);
  }
}

UniqueFd CodeMaps::open_map(const View& view, bool& stale) {
  stale = false;
  if (!view.root) return {};
  const std::string path = "/tmp/perf-" + std::to_string(view.inner_id) + ".map";
  struct stat status {};
  UniqueFd map = open_in_root(view.root.get(), path, view.owner, status);
  // In a container every first process has id 1: this is a map of an earlier one.
  stale = map && status.st_mtim.tv_sec + kClockSlackSeconds < view.begin_s;
  return stale ? UniqueFd{} : std::move(map);
}

void CodeMaps::note(const Process& process) {
  const Key key{process.tgid, process.start_ticks, process.executable};
  auto found = views_.find(key);
  if (found == views_.end()) {
    if (views_.size() >= kMaxProcesses) {
      if (refused_.size() < kMaxRefused) refused_.insert(key);
      return;
    }
    found = views_.emplace(key, view_of(process)).first;
  }
  View& view = found->second;
  const std::uint64_t now = monotonic_ns();
  if (view.looked_ns != 0 && now - view.looked_ns < kLookAgainNs) return;
  view.looked_ns = now;
  find_dumps(process, view);
  if (view.map) return;
  bool stale = false;
  view.map = open_map(view, stale);
  if (stale && !std::exchange(view.is_stale, true)) ++stale_;
}

std::vector<UniqueFd> CodeMaps::open(std::uint32_t tgid, std::uint64_t start_ticks,
                                     ImageId executable) const {
  std::vector<UniqueFd> files;
  const auto found = views_.find({tgid, start_ticks, executable});
  if (found == views_.end()) return files;
  const View& view = found->second;
  // What is there now may be another file; the first one, if the namespace is gone.
  bool stale = false;
  UniqueFd map = open_map(view, stale);
  if (map) {
    files.push_back(std::move(map));
  } else if (view.map) {
    add_copy(view.map, files);
  }
  for (const ImageId dump : view.dumps) {
    if (images_.at(dump).fd) add_copy(images_.at(dump).fd, files);
  }
  return files;
}

}  // namespace sonde
