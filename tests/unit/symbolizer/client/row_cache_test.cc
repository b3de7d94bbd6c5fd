// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/row_cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sonde {
namespace {

class RowCacheTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(dir_); }

  static RowTable rows(std::size_t count) {
    RowTable table;
    table.pages = {{0, static_cast<std::uint32_t>(count)}};
    for (std::size_t i = 0; i < count; ++i) {
      table.rows.push_back({.offset = static_cast<std::uint16_t>(i),
                            .cfa = SONDE_CFA_RSP,
                            .flags = 0,
                            .cfa_param = 1,
                            .rbp_param = 0});
    }
    table.left_out["fde_overlap"] = 3;
    return table;
  }
  static std::string key(char digit) { return std::string(64, digit); }

  std::filesystem::path dir_ =
      std::filesystem::path(testing::TempDir()) / ("row_cache_" + std::to_string(::getpid()));
};

TEST_F(RowCacheTest, StoredRowsAreFoundAgainAndOthersAreMisses) {
  auto cache = RowCache::open(dir_, 1 << 20);
  ASSERT_TRUE(cache.ok()) << cache.error().message;
  cache->store(key('a'), rows(10));
  const auto found = cache->load(key('a'));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rows.size(), 10U);
  EXPECT_EQ(found->left_out, rows(10).left_out);
  EXPECT_FALSE(cache->load(key('b')));
  EXPECT_EQ(cache->counters().hits, 1U);
  EXPECT_EQ(cache->counters().misses, 1U);
}

TEST_F(RowCacheTest, ADamagedFileIsAMissAndIsRemoved) {
  auto cache = RowCache::open(dir_, 1 << 20);
  ASSERT_TRUE(cache.ok());
  cache->store(key('a'), rows(10));
  for (const auto& entry : std::filesystem::directory_iterator(dir_)) {
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-3, std::ios::end);
    file.put('\x55');
  }
  EXPECT_FALSE(cache->load(key('a')));
  EXPECT_EQ(cache->counters().corrupt, 1U);
  EXPECT_TRUE(std::filesystem::is_empty(dir_));
}

TEST_F(RowCacheTest, TheCapRemovesTheOldest) {
  auto cache = RowCache::open(dir_, 20'000);  // rows of 1,000: 8 KB each
  ASSERT_TRUE(cache.ok());
  for (const char digit : {'a', 'b', 'c', 'd'}) cache->store(key(digit), rows(1000));
  EXPECT_GT(cache->counters().evictions, 0U);
  EXPECT_TRUE(cache->load(key('d')));
}

TEST_F(RowCacheTest, ADirectoryThatOthersCanWriteIsRefused) {
  std::filesystem::create_directory(dir_);
  ASSERT_EQ(::chmod(dir_.c_str(), 0777), 0);
  EXPECT_EQ(RowCache::open(dir_, 1 << 20).error().code, ErrorCode::kPermissionDenied);
}

}  // namespace
}  // namespace sonde
