// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/name_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

#include "core/base/fd.h"

namespace sonde {
namespace {

// Of a program, this test itself by default, under a made-up identity.
NameCacheEntry entry(std::uint64_t inode, const char* path = "/proc/self/exe") {
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  const auto file = ElfFile::open(fd.get());
  EXPECT_TRUE(file.ok());
  return {{.file = {.inode = inode}, .debug_file = {}, .debug_crc = {}},
          NameIndex::read({*file}, {}, std::nullopt)};
}

NameKey key(std::uint64_t inode) {
  return {.file = {.inode = inode}, .debug_file = {}, .debug_crc = {}};
}

TEST(NameCacheTest, TheOneUsedLongestAgoMakesRoom) {
  const std::size_t bytes = entry(1).index.bytes();
  ASSERT_GT(bytes, 1000U);
  NameCache cache(2 * bytes + bytes / 2);
  for (const std::uint64_t inode : {1U, 2U}) {
    cache.add(entry(inode));
    EXPECT_EQ(cache.trim(), 0U);
  }
  EXPECT_NE(cache.find(key(1)), nullptr);
  cache.add(entry(3));
  EXPECT_EQ(cache.trim(), 1U);
  EXPECT_NE(cache.find(key(1)), nullptr);
  EXPECT_EQ(cache.find(key(2)), nullptr);
  EXPECT_NE(cache.find(key(3)), nullptr);
}

TEST(NameCacheTest, AFileLargerThanTheCacheDrivesOutNoOther) {
  constexpr const char* kSmall = "/bin/true";
  const std::size_t room = entry(1).index.bytes() / 2;
  ASSERT_LT(2 * (entry(1, kSmall).index.bytes() + sizeof(NameCacheEntry)), room);
  NameCache cache(room);
  cache.add(entry(1, kSmall));
  cache.add(entry(2, kSmall));
  EXPECT_EQ(cache.trim(), 0U);
  cache.add(entry(3));
  EXPECT_EQ(cache.trim(), 1U);
  EXPECT_EQ(cache.find(key(3)), nullptr);
  EXPECT_NE(cache.find(key(1)), nullptr);
  EXPECT_NE(cache.find(key(2)), nullptr);
}

TEST(NameCacheTest, TheEntriesThemselvesTakeRoom) {
  const std::size_t bytes = entry(1).index.bytes();
  NameCache cache(2 * bytes + sizeof(NameCacheEntry));
  cache.add(entry(1));
  cache.add(entry(2));
  EXPECT_EQ(cache.trim(), 1U);
}

TEST(NameCacheTest, AnotherDebugFileIsAnotherEntry) {
  NameCache cache;
  cache.add(entry(1));
  NameKey other = key(1);
  other.debug_file = FileKey{.inode = 9};
  EXPECT_EQ(cache.find(other), nullptr);
  other = key(1);
  other.debug_crc = 7;
  EXPECT_EQ(cache.find(other), nullptr);
}

}  // namespace
}  // namespace sonde
