// SPDX-License-Identifier: Apache-2.0
#include "core/base/extent_allocator.h"

#include <algorithm>
#include <iterator>

namespace sonde {

ExtentAllocator::ExtentAllocator(std::uint32_t size) {
  if (size > 0) free_.emplace(0, size);
}

std::optional<std::uint32_t> ExtentAllocator::allocate(std::uint32_t count) {
  const auto fits = std::find_if(free_.begin(), free_.end(),
                                 [count](const auto& extent) { return extent.second >= count; });
  if (fits == free_.end()) return std::nullopt;
  const auto [first, size] = *fits;
  free_.erase(fits);
  if (size > count) free_.emplace(first + count, size - count);
  used_ += count;
  return first;
}

void ExtentAllocator::release(std::uint32_t first, std::uint32_t count) {
  used_ -= count;
  auto next = free_.lower_bound(first);
  if (next != free_.end() && first + count == next->first) {
    count += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    const auto previous = std::prev(next);
    if (previous->first + previous->second == first) {
      previous->second += count;
      return;
    }
  }
  free_.emplace(first, count);
}

std::uint32_t ExtentAllocator::largest_free() const {
  std::uint32_t largest = 0;
  for (const auto& [first, count] : free_) largest = std::max(largest, count);
  return largest;
}

}  // namespace sonde
