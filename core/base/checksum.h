// SPDX-License-Identifier: Apache-2.0
// Checksum against damage of our own files (XXH3, 64 bit). Not against forgery: use SHA-256.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sonde {

// Of the parts one after another. cost: about 10 GB/s.
std::uint64_t checksum(std::span<const std::span<const std::byte>> parts);
inline std::uint64_t checksum(std::span<const std::byte> bytes) {
  return checksum(std::span(&bytes, 1));
}

}  // namespace sonde
