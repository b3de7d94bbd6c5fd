// SPDX-License-Identifier: Apache-2.0
// Reads single facts about a process from procfs. Every answer can be torn or late: the process
// may exit, exec or change at any moment, and everything in it is chosen by its user.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fd.h"
#include "core/base/proc_stat.h"
#include "core/base/result.h"

namespace sonde {

// Stateless but for the root; thread-safe.
class ProcReader {
 public:
  static constexpr std::uint32_t kNobody = ~std::uint32_t{0};  // owns no file

  explicit ProcReader(std::string root = "/proc") : root_(std::move(root)) {}

  [[nodiscard]] Result<std::vector<std::uint32_t>> processes() const;
  // `pid` and every process below it now.
  [[nodiscard]] std::vector<std::uint32_t> with_descendants(std::uint32_t pid) const;
  // errors (all of these): kNotFound (gone), kPermissionDenied, kDataLoss (does not parse).
  [[nodiscard]] Result<ProcStat> stat(std::uint32_t pid) const;
  // Bounded at 64 MiB: more than 500,000 mappings.
  // Where the main thread has ended and others go on, theirs are read (here and below).
  [[nodiscard]] Result<std::string> maps(std::uint32_t pid) const;
  // The path of its program as maps() shows it, " (deleted)" included. No file system is asked.
  [[nodiscard]] Result<std::string> executable_path(std::uint32_t pid) const;
  // The regular file mapped at [begin, end): through map_files (deleted and replaced files too),
  // then through the process's own root. It must be the file of that inode (0 = any): by the time
  // of the call another one can be mapped in its place. Waits for the file system (TimedCalls).
  // errors also: kFailedPrecondition (not a regular file).
  [[nodiscard]] Result<UniqueFd> open_mapped(std::uint32_t pid, std::uint64_t begin,
                                             std::uint64_t end, const std::string& path,
                                             std::uint64_t inode) const;
  // The file of that path in this process's own view of the file system, if it is the one of that
  // device and inode: for the files of processes that are gone.
  [[nodiscard]] static Result<UniqueFd> open_by_identity(const std::string& path,
                                                         std::uint32_t device_major,
                                                         std::uint32_t device_minor,
                                                         std::uint64_t inode);
  // /proc/PID/cgroup: where it is in each hierarchy, as this process's cgroup namespace shows it.
  [[nodiscard]] Result<std::string> cgroups(std::uint32_t pid) const;
  // Its id in its own process id namespace: the last of NSpid in /proc/PID/status.
  [[nodiscard]] Result<std::uint32_t> inner_id(std::uint32_t pid) const;
  // The user that it runs as (fsuid, as the files it makes have it); kNobody if it cannot be told.
  [[nodiscard]] std::uint32_t owner(std::uint32_t pid) const;
  // What identifies its mount namespace; 0 if it cannot be told.
  [[nodiscard]] std::uint64_t mount_namespace(std::uint32_t pid) const;
  [[nodiscard]] std::string root_of(std::uint32_t pid) const;  // /proc/PID/root
  [[nodiscard]] const std::string& root() const { return root_; }

 private:
  [[nodiscard]] Result<std::uint32_t> last_in_status(std::uint32_t pid,
                                                     std::string_view field) const;
  [[nodiscard]] std::uint32_t live_thread(std::uint32_t pid) const;
  [[nodiscard]] Result<UniqueFd> open_mapped_of(std::uint32_t thread, std::uint64_t begin,
                                                std::uint64_t end, const std::string& path,
                                                std::uint64_t inode) const;
  [[nodiscard]] bool maps_shows(std::uint32_t pid, std::uint64_t begin, std::uint64_t inode) const;
  [[nodiscard]] std::string path_of(std::uint32_t pid, const char* file) const;
  std::string root_;
};

}  // namespace sonde
