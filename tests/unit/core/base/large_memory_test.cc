// SPDX-License-Identifier: Apache-2.0
#include "core/base/large_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>

#include "core/base/sanitizer.h"

namespace sonde {
namespace {

TEST(LargeMemoryTest, LargeArraysBeginOnAHugePage) {
  for (const std::size_t bytes : {kHugePageBytes, 3 * kHugePageBytes + 1}) {
    void* memory = allocate_large(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % kHugePageBytes, 0U);
    free_large(memory, bytes);
  }
}

TEST(LargeMemoryTest, AVectorKeepsItsValuesWhileItGrowsPastHugePages) {
  LargeVector<std::uint32_t> numbers;
  for (std::uint32_t i = 0; i < 2'000'000; ++i) numbers.push_back(i);
  LargeVector<std::uint32_t> moved = std::move(numbers);
  moved.shrink_to_fit();
  const LargeVector<std::uint32_t> copy = moved;
  EXPECT_EQ(std::accumulate(copy.begin(), copy.end(), std::uint64_t{0}), 1'999'999'000'000U);
  EXPECT_EQ(copy, moved);
}

TEST(LargeMemoryTest, MoreThanThereIsThrows) {
#if SONDE_ADDRESS_SANITIZER || SONDE_THREAD_SANITIZER
  GTEST_SKIP() << "SKIP bad_alloc: the sanitizer ends the process instead";
#endif
  LargeVector<std::uint64_t> numbers;
  EXPECT_THROW(numbers.reserve(std::numeric_limits<std::size_t>::max() / 16), std::bad_alloc);
}

}  // namespace
}  // namespace sonde
