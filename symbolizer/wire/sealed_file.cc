// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/wire/sealed_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <string_view>

#include "core/base/file.h"

namespace sonde {
namespace {

constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
constexpr unsigned kNoExecSeal = 8;  // MFD_NOEXEC_SEAL, Linux 6.3

UniqueFd create(const char* name) {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  UniqueFd fd(::memfd_create(name, kFlags | kNoExecSeal));
  if (!fd && errno == EINVAL) fd.reset(::memfd_create(name, kFlags));
  return fd;
}

}  // namespace

Result<UniqueFd> make_sealed_file(const char* name,
                                  std::span<const std::span<const std::byte>> parts) {
  UniqueFd fd = create(name);
  if (!fd) return Error::from_errno(errno, "memfd_create");
  for (const auto part : parts) {
    const std::string_view text(reinterpret_cast<const char*>(part.data()), part.size());
    if (auto written = write_all(fd.get(), text); !written) return written.error();
  }
  if (::fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) return Error::from_errno(errno, "F_ADD_SEALS");
  return fd;
}

Result<std::uint64_t> sealed_size(int fd, std::uint64_t max_bytes) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals) {
    return Error{ErrorCode::kInvalidArgument, "not a sealed file"};
  }
  struct stat status {};
  if (::fstat(fd, &status) != 0) return Error::from_errno(errno, "fstat");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size == 0 || size > max_bytes) {
    return Error{ErrorCode::kInvalidArgument, "a sealed file of the wrong size"};
  }
  return size;
}

}  // namespace sonde
