// SPDX-License-Identifier: Apache-2.0
// First-fit allocator of index ranges [0, size): block and row space in the kernel tables.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace sonde {

// Thread-confined. Cost: O(log free extents) per call; neighbours are merged.
class ExtentAllocator {
 public:
  explicit ExtentAllocator(std::uint32_t size);

  // First index of `count` free ones; none if no gap is large enough. count > 0.
  std::optional<std::uint32_t> allocate(std::uint32_t count);
  // Gives back exactly what was allocated, whole or in parts.
  void release(std::uint32_t first, std::uint32_t count);

  [[nodiscard]] std::uint32_t largest_free() const;
  [[nodiscard]] std::uint32_t used() const { return used_; }

 private:
  std::map<std::uint32_t, std::uint32_t> free_;  // first -> count
  std::uint32_t used_ = 0;
};

}  // namespace sonde
