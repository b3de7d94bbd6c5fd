// SPDX-License-Identifier: Apache-2.0
// Memory for arrays of megabytes that are written once from one end to the other. The first touch
// of each 4 KiB page costs up to 2 us in a virtual machine, more than what is written there; so
// such arrays lie on huge pages where the kernel has some to give.
#pragma once

#include <cstddef>
#include <limits>
#include <new>
#include <utility>
#include <vector>

namespace sonde {

// From this size on memory comes on huge pages, as many as fit into it whole: no more memory is
// used than without them.
inline constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

// As operator new, not zeroed. errors: throws std::bad_alloc.
void* allocate_large(std::size_t bytes);
void free_large(void* memory, std::size_t bytes) noexcept;

// resize() leaves new numbers unset: whoever grows a LargeVector fills it.
template <typename T>
class LargeAllocator {
 public:
  using value_type = T;

  LargeAllocator() = default;
  template <typename U>
  // NOLINTNEXTLINE(google-explicit-constructor): what containers need
  LargeAllocator(const LargeAllocator<U>& /*other*/) noexcept {}

  T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T))
      throw std::bad_array_new_length();
    return static_cast<T*>(allocate_large(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t count) noexcept { free_large(memory, count * sizeof(T)); }

  template <typename U>
  void construct(U* place) {
    ::new (static_cast<void*>(place)) U;
  }
  template <typename U, typename... Arguments>
  void construct(U* place, Arguments&&... arguments) {
    ::new (static_cast<void*>(place)) U(std::forward<Arguments>(arguments)...);
  }
  bool operator==(const LargeAllocator& /*other*/) const { return true; }
};

template <typename T>
using LargeVector = std::vector<T, LargeAllocator<T>>;

}  // namespace sonde
