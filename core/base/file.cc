// SPDX-License-Identifier: Apache-2.0
#include "core/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace sonde {
namespace {

constexpr std::size_t kReadStep = std::size_t{64} * 1024;

Result<void> write_and_sync(int fd, std::string_view bytes) {
  if (auto written = write_all(fd, bytes); !written) return written;
  if (::fsync(fd) != 0 && errno != EINVAL) return Error::from_errno(errno, "fsync");
  return {};
}

}  // namespace

Result<std::string> read_fd(int fd, std::size_t max_bytes) {
  std::string out;
  while (true) {
    const std::size_t had = out.size();
    out.resize(had + kReadStep);
    const ssize_t got = ::read(fd, out.data() + had, kReadStep);
    if (got < 0) {
      if (errno == EINTR) {
        out.resize(had);
        continue;
      }
      return Error::from_errno(errno, "read");
    }
    out.resize(had + static_cast<std::size_t>(got));
    if (got == 0) return out;
    if (out.size() > max_bytes) return Error{ErrorCode::kOutOfRange, "larger than the limit"};
  }
}

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return Error::from_errno(errno, "open " + path);
  auto bytes = read_fd(fd.get(), max_bytes);
  if (!bytes) return bytes.error().with_context(path);
  return bytes;
}

Result<UniqueFd> reopen_regular(const UniqueFd& place) {
  struct stat info {};
  if (::fstat(place.get(), &info) != 0) return Error::from_errno(errno, "fstat");
  if (!S_ISREG(info.st_mode)) return Error{ErrorCode::kFailedPrecondition, "not a file"};
  const std::string same = "/proc/self/fd/" + std::to_string(place.get());
  UniqueFd fd(::open(same.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return Error::from_errno(errno, "open");
  return fd;
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return Error::from_errno(errno, "write");
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<void> write_file_atomically(const std::string& path, std::string_view bytes) {
  std::string temporary = path + ".XXXXXX";
  const UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return Error::from_errno(errno, "create a file beside " + path);
  // mkostemp creates 0600; a profile is as readable as any file the user makes.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(fd.get(), 0666 & ~mask);
  auto written = write_and_sync(fd.get(), bytes);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = Error::from_errno(errno, "rename");
  }
  if (!written) {
    ::unlink(temporary.c_str());
    return written.error().with_context("write " + path);
  }
  return {};
}

Result<std::size_t> pread_full(int fd, std::span<std::byte> out, std::size_t offset) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got =
        ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error::from_errno(errno, "pread");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace sonde
