// SPDX-License-Identifier: Apache-2.0
#include "core/base/large_memory.h"

#include <sys/mman.h>

namespace sonde {
namespace {

constexpr std::align_val_t kHuge{kHugePageBytes};

}  // namespace

void* allocate_large(std::size_t bytes) {
  if (bytes < kHugePageBytes) return ::operator new(bytes);
  void* memory = ::operator new(bytes, kHuge);
  // A kernel without huge pages, or with none left, gives small ones.
  ::madvise(memory, bytes / kHugePageBytes * kHugePageBytes, MADV_HUGEPAGE);
  return memory;
}

void free_large(void* memory, std::size_t bytes) noexcept {
  if (bytes < kHugePageBytes) {
    ::operator delete(memory);
  } else {
    ::operator delete(memory, kHuge);
  }
}

}  // namespace sonde
