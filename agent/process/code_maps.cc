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

// The file of that name, with every link resolved inside the process's own root. If none is
// returned, `problem` says why.
UniqueFd open_in_root(int root, const std::string& path, std::uint32_t owner, struct stat& status,
                      CodeReason& problem) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const UniqueFd place(
      static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how))));
  problem = CodeReason::kNoCodeMap;
  if (!place || ::fstat(place.get(), &status) != 0) return {};
  problem = CodeReason::kCodeMapNotTrusted;
  if (!is_trusted(status, owner) || is_kernel_made(place.get())) return {};
  auto fd = reopen_regular(place);
  if (!fd) return {};
  problem = CodeReason::kNone;
  return std::move(*fd);
}

// Seconds since the epoch at which a process began.
std::int64_t begin_of(std::uint64_t start_ticks) {
  timespec wall{}, boot{};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  ::clock_gettime(CLOCK_BOOTTIME, &boot);
  return wall.tv_sec - boot.tv_sec +
         static_cast<std::int64_t>(start_ticks * SONDE_START_TICK_NS / 1'000'000'000);
}

}  // namespace

CodeMaps::View CodeMaps::view_of(const Process& process) {
  View view;
  view.begin_s = begin_of(process.start_ticks);
  const auto inner_id = proc_.inner_id(process.tgid);
  view.inner_id = inner_id ? *inner_id : process.tgid;
  view.owner = proc_.owner(process.tgid);
  // A user's link leads to a server of that user at most.
  view.server = {.id = proc_.mount_namespace(process.tgid), .user = view.owner};
  auto root = calls_.run<UniqueFd>(view.server, [path = proc_.root_of(process.tgid)] {
    return UniqueFd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  });
  // All of that is of this process if it still has its id.
  const auto now = proc_.stat(process.tgid);
  if (root && *root && now && now->start_ticks == process.start_ticks) {
    view.root = std::make_shared<const UniqueFd>(std::move(*root));
  }
  return view;
}

void CodeMaps::find_dumps(const Process& process, View& view) const {
  for (const CodeRange& range : *process.ranges) {
    if (view.dumps.size() == kMaxDumps) return;
    if (range.kind != RangeKind::kImage || !is_dump(images_.at(range.image).path)) continue;
    if (std::ranges::count(view.dumps, range.image) == 0) view.dumps.push_back(range.image);
  }
}

CodeMaps::FoundMap CodeMaps::open_map(const View& view) {
  if (!view.root) return {.fd = {}, .problem = CodeReason::kNoCodeMap};
  auto found = calls_.run<FoundMap>(
      view.server, [root = view.root, owner = view.owner, begin_s = view.begin_s,
                    path = "/tmp/perf-" + std::to_string(view.inner_id) + ".map"] {
        struct stat status {};
        FoundMap map;
        map.fd = adopt_foreign(open_in_root(root->get(), path, owner, status, map.problem));
        // In a container every first process has id 1: this is a map of an earlier one.
        if (map.fd && status.st_mtim.tv_sec + kClockSlackSeconds < begin_s) {
          map = {.fd = {}, .problem = CodeReason::kCodeMapStale};
        }
        return map;
      });
  return found ? std::move(*found) : FoundMap{.fd = {}, .problem = CodeReason::kFileSystemStuck};
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
  view.used_ns = now;
  if (view.looked_ns != 0 && now - view.looked_ns < kLookAgainNs) return;
  view.looked_ns = now;
  find_dumps(process, view);
  if (view.map) return;
  FoundMap found_map = open_map(view);
  view.map = std::move(found_map.fd);
  if (found_map.problem == CodeReason::kCodeMapStale && !std::exchange(view.is_stale, true))
    ++stale_;
}

CodeMaps::Files CodeMaps::open(std::uint32_t tgid, std::uint64_t start_ticks, ImageId executable) {
  Files files{.fds = {}, .problem = CodeReason::kNoCodeMap};
  const auto found = views_.find({tgid, start_ticks, executable});
  if (found == views_.end()) return files;
  View& view = found->second;
  view.used_ns = monotonic_ns();
  // What is there now may be another file; the first one, if the namespace is gone.
  FoundMap map = open_map(view);
  files.problem = map.problem;
  if (map.fd) {
    files.fds.push_back(std::move(map.fd));
  } else if (view.map) {
    files.fds.push_back(view.map);
    files.problem = CodeReason::kNone;
  }
  for (const ImageId dump : view.dumps) {
    if (images_.at(dump).fd) files.fds.push_back(images_.at(dump).fd);
  }
  return files;
}

void CodeMaps::forget_unused_since(std::uint64_t time_ns) {
  std::erase_if(views_, [&](const auto& entry) { return entry.second.used_ns < time_ns; });
}

}  // namespace sonde
