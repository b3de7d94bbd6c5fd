// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/debug_files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/file.h"

namespace sonde {
namespace {

const std::string kDebugRoot = "/usr/lib/debug";

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

}  // namespace

std::vector<DebugFileCandidate> debug_file_candidates(const DebugFileQuery& query) {
  std::vector<std::pair<bool, std::string>> paths;
  if (query.build_id.size() > 2) {
    paths.emplace_back(true, kDebugRoot + "/.build-id/" + query.build_id.substr(0, 2) + "/" +
                                 query.build_id.substr(2) + ".debug");
  }
  if (!query.debuglink.empty() && query.path.starts_with('/')) {
    const std::string directory = directory_of(query.path);
    // The file may carry its own name as debug link; it must not be taken for its debug file.
    if (directory + "/" + query.debuglink != query.path) {
      paths.emplace_back(false, directory + "/" + query.debuglink);
    }
    paths.emplace_back(false, directory + "/.debug/" + query.debuglink);
    paths.emplace_back(false, kDebugRoot + directory + "/" + query.debuglink);
  }
  std::vector<DebugFileCandidate> out;
  for (const bool by_build_id : {true, false}) {
    for (const bool in_root : {true, false}) {
      if (in_root && query.root.empty()) continue;
      for (const auto& [is_id, path] : paths) {
        if (is_id == by_build_id) out.push_back({by_build_id, in_root, path});
      }
    }
  }
  return out;
}

Result<UniqueFd> open_inside(const std::string& root, const std::string& path) {
  const UniqueFd directory(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return Error::from_errno(errno, "open " + root);
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const UniqueFd place(
      static_cast<int>(::syscall(SYS_openat2, directory.get(), path.c_str(), &how, sizeof(how))));
  if (!place) return Error::from_errno(errno, "open " + path);
  auto fd = reopen_regular(place);
  if (!fd) return fd.error().with_context(path);
  return fd;
}

Result<std::uint32_t> owner_of(int fd) {
  struct statx status {};
  if (::statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_UID, &status) != 0) {
    return Error::from_errno(errno, "statx");
  }
  return status.stx_uid;
}

Result<UniqueFd> open_debug_file(const std::string& root, const std::string& path,
                                 std::uint32_t owner_of_image) {
  auto fd = open_inside(root, path);
  if (!fd) return fd;
  const auto owner = owner_of(fd->get());
  if (!owner) return owner.error();
  if (*owner == 0 || *owner == owner_of_image) return fd;
  return Error{ErrorCode::kPermissionDenied, path + " is of another user than the file it names"};
}

}  // namespace sonde
