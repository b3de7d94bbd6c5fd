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

namespace sonde {
namespace {

// A name such as jit-1234.dump, which perf asks for.
bool is_dump(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name.starts_with("jit-") && name.ends_with(".dump");
}

// The file of that name, with every link resolved inside the process's own root. It must be the
// process's own or root's: anybody may write into /tmp.
UniqueFd open_map(int root, const std::string& path, std::uint32_t owner) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how))));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) return UniqueFd();
  const bool trusted = status.st_uid == owner || status.st_uid == 0;
  return S_ISREG(status.st_mode) && trusted ? std::move(fd) : UniqueFd();
}

}  // namespace

CodeMaps::View CodeMaps::view_of(const Process& process) const {
  View view;
  const auto inner_id = proc_.inner_id(process.tgid);
  const auto owner = proc_.owner(process.tgid);
  view.inner_id = inner_id ? *inner_id : process.tgid;
  view.owner = owner ? *owner : 0;
  view.root =
      UniqueFd(::open(proc_.root_of(process.tgid).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const CodeRange& range : *process.ranges) {
    if (range.kind == RangeKind::kImage && is_dump(images_.at(range.image).path)) {
      view.dumps.push_back(range.image);
    }
  }
  return view;
}

void CodeMaps::note(const Process& process) {
  const Key key{process.tgid, process.start_ticks};
  if (views_.contains(key)) return;
  if (views_.size() >= kMaxProcesses) {
    ++refused_;
    return;
  }
  views_.emplace(key, view_of(process));
}

std::vector<UniqueFd> CodeMaps::open(std::uint32_t tgid, std::uint64_t start_ticks) const {
  std::vector<UniqueFd> files;
  const auto found = views_.find({tgid, start_ticks});
  if (found == views_.end()) return files;
  const View& view = found->second;
  if (view.root) {
    const std::string path = "/tmp/perf-" + std::to_string(view.inner_id) + ".map";
    if (UniqueFd map = open_map(view.root.get(), path, view.owner)) files.push_back(std::move(map));
  }
  for (const ImageId dump : view.dumps) {
    const Image& image = images_.at(dump);
    if (!image.fd) continue;
    if (UniqueFd copy{::fcntl(image.fd.get(), F_DUPFD_CLOEXEC, 0)})
      files.push_back(std::move(copy));
  }
  return files;
}

}  // namespace sonde
