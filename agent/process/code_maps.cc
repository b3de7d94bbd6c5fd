// SPDX-License-Identifier: Apache-2.0
#include "agent/process/code_maps.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

#include "core/base/clock.h"

namespace sonde {
namespace {

constexpr std::uint64_t kLookAgainNs = 1'000'000'000;

// A name such as jit-1234.dump, which perf asks for.
bool is_dump(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name.starts_with("jit-") && name.ends_with(".dump");
}

// The file of that name, with every link resolved inside the process's own root. It must be the
// process's own or root's: anybody may write into /tmp.
UniqueFd open_in_root(int root, const std::string& path, std::uint32_t owner) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how))));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) return {};
  const bool trusted = status.st_uid == owner || status.st_uid == 0;
  if (!S_ISREG(status.st_mode) || !trusted) return {};
  return fd;
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
  view.owner = owner ? *owner : 0;
  const std::string root = proc_.root_of(process.tgid);
  view.root = UniqueFd(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const CodeRange& range : *process.ranges) {
    if (range.kind == RangeKind::kImage && is_dump(images_.at(range.image).path)) {
      view.dumps.push_back(range.image);
    }
  }
  return view;
}

UniqueFd CodeMaps::open_map(const View& view) {
  if (!view.root) return {};
  const std::string path = "/tmp/perf-" + std::to_string(view.inner_id) + ".map";
  return open_in_root(view.root.get(), path, view.owner);
}

void CodeMaps::note(const Process& process) {
  const Key key{process.tgid, process.start_ticks};
  auto found = views_.find(key);
  if (found == views_.end()) {
    if (views_.size() >= kMaxProcesses) {
      ++refused_;
      return;
    }
    found = views_.emplace(key, view_of(process)).first;
  }
  View& view = found->second;
  if (view.map) return;
  const std::uint64_t now = monotonic_ns();
  if (view.looked_ns != 0 && now - view.looked_ns < kLookAgainNs) return;
  view.looked_ns = now;
  view.map = open_map(view);
}

std::vector<UniqueFd> CodeMaps::open(std::uint32_t tgid, std::uint64_t start_ticks) const {
  std::vector<UniqueFd> files;
  const auto found = views_.find({tgid, start_ticks});
  if (found == views_.end()) return files;
  const View& view = found->second;
  // What is there now may be another file; the first one, if the namespace is gone.
  UniqueFd map = open_map(view);
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
