// SPDX-License-Identifier: Apache-2.0
// Counts what a test allocates: include it in one source of a test program, whose operator new it
// replaces. Not under sanitizers, which bring their own.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <new>

#include "core/base/sanitizer.h"

#if SONDE_ADDRESS_SANITIZER || SONDE_THREAD_SANITIZER
#define SONDE_COUNTS_ALLOCATIONS 0
#else
#define SONDE_COUNTS_ALLOCATIONS 1
#endif

namespace sonde {

inline thread_local std::uint64_t allocations = 0;  // by this thread

}  // namespace sonde

#if SONDE_COUNTS_ALLOCATIONS
// g++ 12 sees only one side of each pair after inlining.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(std::size_t size) {
  ++sonde::allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#pragma GCC diagnostic pop
#endif
