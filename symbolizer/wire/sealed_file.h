// SPDX-License-Identifier: Apache-2.0
// Bytes handed from one process to another that nobody can change any more: a memfd with the
// seals WRITE, SHRINK, GROW and SEAL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

// A sealed memfd holding the parts one after another. `name` is shown in /proc/PID/fd.
// errors: those of memfd_create(2) and write(2).
Result<UniqueFd> make_sealed_file(const char* name,
                                  std::span<const std::span<const std::byte>> parts);

// A read-only mapping of a sealed file; unmapped on destruction.
class SealedView {
 public:
  // Maps `fd` after checking that it has all four seals, so that no later access can fault.
  // errors: kInvalidArgument (not such a file, empty, or larger than max_bytes), mmap's.
  static Result<SealedView> map(int fd, std::uint64_t max_bytes);
  ~SealedView();
  SealedView(SealedView&& other) noexcept;
  SealedView& operator=(SealedView&&) = delete;
  SealedView(const SealedView&) = delete;
  SealedView& operator=(const SealedView&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit SealedView(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

}  // namespace sonde
