// SPDX-License-Identifier: Apache-2.0
#include "core/base/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sonde {

std::uint64_t checksum(std::span<const std::span<const std::byte>> parts) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  for (const auto part : parts) XXH3_64bits_update(&state, part.data(), part.size());
  return XXH3_64bits_digest(&state);
}

}  // namespace sonde
