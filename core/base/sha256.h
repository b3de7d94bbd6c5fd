// SPDX-License-Identifier: Apache-2.0
// SHA-256 of bytes and of parts of files: the identity of parsed files in caches. The only header
// through which libcrypto is used.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/base/result.h"

namespace sonde {

using Sha256Digest = std::array<std::uint8_t, 32>;

// A digest built piece by piece. Thread-confined. A failure inside libcrypto (out of memory, the
// algorithm switched off) is remembered and reported by finish().
class Sha256 {
 public:
  Sha256();
  void update(std::span<const std::byte> bytes);
  void update(std::string_view bytes) { update(std::as_bytes(std::span(bytes))); }
  // The bytes of one value, which must have no padding.
  template <typename T>
  void update_value(const T& value) {
    static_assert(std::has_unique_object_representations_v<T>);
    update(std::as_bytes(std::span(&value, 1)));
  }
  // The digest of everything so far; further updates and finishes are kFailedPrecondition.
  Result<Sha256Digest> finish();

 private:
  struct FreeContext {
    void operator()(void* context) const noexcept;
  };
  std::unique_ptr<void, FreeContext> context_;  // EVP_MD_CTX; empty after a failure or finish()
};

Result<Sha256Digest> sha256(std::span<const std::byte> bytes);
Result<Sha256Digest> sha256(std::string_view bytes);

// Digest of `size` bytes of an open file from `offset`, read with pread(2): the descriptor's
// position does not move.
//
// errors  kOutOfRange  the file ends before the range does; those of pread(2).
// cost    one pass in 256 KiB reads, about 0.5 to 2 GB/s.
Result<Sha256Digest> sha256_of_fd(int fd, std::uint64_t offset, std::uint64_t size);

// 64 lower-case hex digits.
std::string to_hex(const Sha256Digest& digest);

}  // namespace sonde
