// SPDX-License-Identifier: Apache-2.0
#include "agent/process/proc_reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdio>
#include <map>
#include <memory>
#include <utility>

#include "agent/process/maps_parser.h"
#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxMapsBytes = std::size_t{64} << 20;

struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

// Which file must be found: 0 = any.
struct Wanted {
  std::uint64_t inode = 0;
  dev_t device = 0;
};

// The path may lead anywhere by now.
Result<UniqueFd> open_regular(const std::string& path, const Wanted& wanted) {
  const UniqueFd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place) return Error::from_errno(errno, path);
  struct stat info {};
  if (::fstat(place.get(), &info) != 0) return Error::from_errno(errno, path);
  if ((wanted.inode != 0 && info.st_ino != wanted.inode) ||
      (wanted.device != 0 && info.st_dev != wanted.device)) {
    return Error{ErrorCode::kNotFound, path + ": replaced by another file"};
  }
  auto fd = reopen_regular(place);
  if (!fd) return fd.error().with_context(path);
  return fd;
}

// The entries of a folder that are numbers.
Result<std::vector<std::uint32_t>> numbers_in(const std::string& folder) {
  const std::unique_ptr<DIR, DirCloser> dir(::opendir(folder.c_str()));
  if (dir == nullptr) return Error::from_errno(errno, "open " + folder);
  std::vector<std::uint32_t> pids;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name(entry->d_name);
    std::uint32_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc{} && end == name.data() + name.size()) pids.push_back(pid);
  }
  return pids;
}

std::uint64_t inode_of(const UniqueFd& fd) {
  struct stat info {};
  return ::fstat(fd.get(), &info) == 0 ? info.st_ino : 0;
}

}  // namespace

std::string ProcReader::path_of(std::uint32_t pid, const char* file) const {
  return root_ + "/" + std::to_string(pid) + "/" + file;
}

Result<std::uint32_t> ProcReader::last_in_status(std::uint32_t pid, std::string_view field) const {
  const auto text = read_file(path_of(pid, "status"), std::size_t{64} * 1024);
  if (!text) return text.error();
  const std::size_t line = text->find(field);
  const std::size_t end = line == std::string::npos ? line : text->find('\n', line + 1);
  if (end == std::string::npos) return Error{ErrorCode::kDataLoss, "status without a field"};
  const std::size_t number = text->find_last_of(" \t", end) + 1;
  std::uint32_t value = 0;
  const auto parsed = std::from_chars(text->data() + number, text->data() + end, value);
  if (parsed.ec != std::errc{}) return Error{ErrorCode::kDataLoss, "status without a number"};
  return value;
}

Result<std::string> ProcReader::cgroups(std::uint32_t pid) const {
  return read_file(path_of(pid, "cgroup"), std::size_t{256} * 1024);
}

Result<std::uint32_t> ProcReader::inner_id(std::uint32_t pid) const {
  return last_in_status(pid, "\nNSpid:");
}

// Real, effective, saved and file system user.
std::uint32_t ProcReader::owner(std::uint32_t pid) const {
  const auto user = last_in_status(pid, "\nUid:");
  return user ? *user : kNobody;
}

std::uint64_t ProcReader::mount_namespace(std::uint32_t pid) const {
  struct stat info {};
  return ::stat(path_of(pid, "ns/mnt").c_str(), &info) == 0 ? info.st_ino : 0;
}

std::string ProcReader::root_of(std::uint32_t pid) const { return path_of(pid, "root"); }

Result<std::vector<std::uint32_t>> ProcReader::processes() const { return numbers_in(root_); }

std::vector<std::uint32_t> ProcReader::with_descendants(std::uint32_t pid) const {
  std::multimap<std::uint32_t, std::uint32_t> children;  // parent -> child
  if (const auto pids = processes()) {
    for (const std::uint32_t other : *pids) {
      if (const auto facts = stat(other)) children.emplace(facts->parent, other);
    }
  }
  std::vector<std::uint32_t> found{pid};
  for (std::size_t i = 0; i < found.size() && i < children.size() + 1; ++i) {
    const auto [first, last] = children.equal_range(found[i]);
    for (auto child = first; child != last; ++child) found.push_back(child->second);
  }
  return found;
}

Result<ProcStat> ProcReader::stat(std::uint32_t pid) const {
  const auto text = read_file(path_of(pid, "stat"), std::size_t{16} * 1024);
  if (!text) return text.error();
  return parse_proc_stat(*text);
}

// A thread that still has the process's memory: the main thread can end before the others, and its
// folder shows no mappings and no files then. `pid` itself if there is none.
std::uint32_t ProcReader::live_thread(std::uint32_t pid) const {
  const auto threads = numbers_in(path_of(pid, "task"));
  if (!threads) return pid;
  for (const std::uint32_t thread : *threads) {
    const UniqueFd maps(::open(path_of(thread, "maps").c_str(), O_RDONLY | O_CLOEXEC));
    char first = 0;
    if (maps && ::read(maps.get(), &first, 1) == 1) return thread;
  }
  return pid;
}

Result<std::string> ProcReader::maps(std::uint32_t pid) const {
  auto text = read_file(path_of(pid, "maps"), kMaxMapsBytes);
  if (!text || !text->empty()) return text;
  const std::uint32_t thread = live_thread(pid);
  return thread == pid ? text : read_file(path_of(thread, "maps"), kMaxMapsBytes);
}

Result<std::string> ProcReader::executable_path(std::uint32_t pid) const {
  std::array<char, PATH_MAX> target{};
  const std::string path = path_of(pid, "exe");
  ssize_t bytes = ::readlink(path.c_str(), target.data(), target.size());
  if (bytes < 0) {
    bytes = ::readlink(path_of(live_thread(pid), "exe").c_str(), target.data(), target.size());
  }
  if (bytes < 0) return Error::from_errno(errno, path);
  return std::string(target.data(), static_cast<std::size_t>(bytes));
}

bool ProcReader::maps_shows(std::uint32_t pid, std::uint64_t begin, std::uint64_t inode) const {
  const auto text = maps(pid);
  bool found = false;
  if (text) {
    (void)parse_executable_maps(*text, [&](const MapsEntry& entry) {
      found |= entry.begin == begin && entry.inode == inode;
    });
  }
  return found;
}

Result<UniqueFd> ProcReader::open_mapped(std::uint32_t pid, std::uint64_t begin, std::uint64_t end,
                                         const std::string& path, std::uint64_t inode) const {
  auto fd = open_mapped_of(pid, begin, end, path, inode);
  if (fd) return fd;
  const std::uint32_t thread = live_thread(pid);
  return thread == pid ? std::move(fd) : open_mapped_of(thread, begin, end, path, inode);
}

Result<UniqueFd> ProcReader::open_mapped_of(std::uint32_t pid, std::uint64_t begin,
                                            std::uint64_t end, const std::string& path,
                                            std::uint64_t inode) const {
  std::array<char, 64> range{};
  std::snprintf(range.data(), range.size(), "map_files/%lx-%lx", static_cast<unsigned long>(begin),
                static_cast<unsigned long>(end));
  auto by_range = open_regular(path_of(pid, range.data()), {});
  // The file may have been unmapped since and another one mapped in its very place. On stacked
  // file systems the inode of a file is another one than maps shows: there maps has the last word.
  if (by_range && inode != 0 && inode_of(*by_range) != inode && !maps_shows(pid, begin, inode)) {
    by_range = Error{ErrorCode::kNotFound, path + ": another file is mapped in its place"};
  }
  if (by_range || path.empty() || path.front() != '/') return by_range;
  return open_regular(root_of(pid) + path, {.inode = inode});
}

Result<UniqueFd> ProcReader::open_by_identity(const std::string& path, std::uint32_t device_major,
                                              std::uint32_t device_minor, std::uint64_t inode) {
  if (path.empty() || path.front() != '/' || inode == 0) {
    return Error{ErrorCode::kInvalidArgument, path + ": no path of a file"};
  }
  return open_regular(path, {.inode = inode, .device = makedev(device_major, device_minor)});
}

}  // namespace sonde
