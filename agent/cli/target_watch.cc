// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/target_watch.h"

#include <dirent.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::uint64_t kLookEachNs = 500'000'000;
constexpr std::size_t kMaxProcBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxFollowed = 4096;  // more descendants are not followed

struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

// The process a thread belongs to: `Tgid:` of /proc/ID/status; 0 if it cannot be read.
std::uint32_t process_of(std::uint32_t id) {
  const auto status = read_file("/proc/" + std::to_string(id) + "/status", kMaxProcBytes);
  if (!status) return 0;
  constexpr std::string_view kKey = "\nTgid:\t";
  const std::size_t at = status->find(kKey);
  if (at == std::string::npos) return 0;
  std::uint32_t tgid = 0;
  std::from_chars(status->data() + at + kKey.size(), status->data() + status->size(), tgid);
  return tgid;
}

bool has_ended(const UniqueFd& pidfd) {
  pollfd poll{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
  return ::poll(&poll, 1, 0) == 1;
}

}  // namespace

Result<TargetWatch> TargetWatch::create(const std::vector<std::uint32_t>& pids) {
  TargetWatch watch;
  for (const std::uint32_t pid : pids) {
    const std::uint32_t process = process_of(pid);
    const std::string text = std::to_string(pid);
    if (process != 0 && process != pid) {
      return Error{ErrorCode::kInvalidArgument, text + " is a thread of process " +
                                                    std::to_string(process) + ": use -p " +
                                                    std::to_string(process)};
    }
    if (!watch.follow(static_cast<pid_t>(pid))) {
      return Error{ErrorCode::kNotFound, "there is no process with the id " + text +
                                             ". List processes with: ps -e -o pid,comm"};
    }
  }
  return watch;
}

bool TargetWatch::follow(pid_t pid) {
  if (alive_.contains(pid)) return true;
  if (alive_.size() >= kMaxFollowed) return false;
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
  if (!pidfd) return false;
  alive_.emplace(pid, std::move(pidfd));
  return true;
}

void TargetWatch::follow_children(pid_t pid) {
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  const std::unique_ptr<DIR, DirCloser> dir(::opendir(tasks.c_str()));
  if (!dir) return;
  while (const dirent* entry = ::readdir(dir.get())) {
    if (entry->d_name[0] == '.') continue;
    const auto children = read_file(tasks + "/" + entry->d_name + "/children", kMaxProcBytes);
    if (!children) continue;
    const char* at = children->data();
    const char* const end = at + children->size();
    while (at < end) {
      pid_t child = 0;
      const auto [next, error] = std::from_chars(at, end, child);
      if (error == std::errc() && child > 0) follow(child);
      at = next + 1;
    }
  }
}

bool TargetWatch::all_gone(std::uint64_t now_ns) {
  if (now_ns < next_look_ns_) return alive_.empty();
  next_look_ns_ = now_ns + kLookEachNs;
  std::vector<pid_t> pids;
  for (const auto& [pid, pidfd] : alive_) pids.push_back(pid);
  // Children found here are looked at in the next round.
  for (const pid_t pid : pids) follow_children(pid);
  std::erase_if(alive_, [](const auto& item) { return has_ended(item.second); });
  return alive_.empty();
}

}  // namespace sonde
