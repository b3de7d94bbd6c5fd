// SPDX-License-Identifier: Apache-2.0
#include "core/base/file_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "tests/support/resource_limit.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

constexpr FileCacheKind kKind{
    .suffix = ".test", .magic = 7, .version = 1, .max_value_bytes = 100'000};

Result<std::string> as_text(const CachedValue& value) {
  auto text = read_value(value);
  if (text && *text == "refused") return Error{ErrorCode::kInvalidArgument, "refused"};
  return text;
}

class FileCacheTest : public testing::Test {
 protected:
  FileCache open(const FileCacheKind& kind = kKind, std::uint64_t max_bytes = 1 << 20) {
    auto cache = FileCache::open(dir_, kind, max_bytes);
    EXPECT_TRUE(cache.ok()) << cache.error().message;
    return std::move(*cache);
  }
  // In two parts.
  static void store(FileCache& cache, std::string_view key, const std::string& value) {
    const auto bytes = std::as_bytes(std::span(value));
    const std::array parts = {bytes.first(bytes.size() / 2), bytes.subspan(bytes.size() / 2)};
    (void)cache.store(key, parts);
  }
  static std::optional<std::string> load(FileCache& cache, std::string_view key) {
    return cache.load<std::string>(key, as_text);
  }
  void damage_each(const std::function<void(std::fstream&)>& how) {
    for (const auto& entry : std::filesystem::directory_iterator(dir_)) {
      std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      how(file);
    }
  }

  const TemporaryDirectory base_;
  const std::string dir_ = base_.path() / "cache";
};

TEST_F(FileCacheTest, ValuesAreFoundAgainAndOthersAreMisses) {
  {
    FileCache cache = open();
    store(cache, "a1", "value");
    store(cache, "a1", "newer");
    store(cache, "b2", "");
  }
  FileCache cache = open();
  EXPECT_EQ(load(cache, "a1"), "newer");
  EXPECT_EQ(load(cache, "b2"), "");
  EXPECT_FALSE(load(cache, "c3"));
  EXPECT_EQ(cache.counters().hits, 2U);
  EXPECT_EQ(cache.counters().misses, 1U);
}

TEST_F(FileCacheTest, DamageAndOtherVersionsAreMissesAndRemoved) {
  FileCache cache = open();
  for (int what = 0; what < 4; ++what) {
    store(cache, "a1", what == 3 ? "refused" : "some value");
    if (what == 0)
      damage_each([](std::fstream& file) { file.seekp(-3, std::ios::end).put('\x55'); });
    if (what == 1) std::filesystem::resize_file(dir_ + "/a1.test", 20);
    if (what == 2) {
      FileCacheKind newer = kKind;
      newer.version = 2;
      FileCache other = open(newer);
      EXPECT_FALSE(load(other, "a1"));
    } else {
      EXPECT_FALSE(load(cache, "a1"));
    }
    EXPECT_TRUE(std::filesystem::is_empty(dir_)) << what;
  }
  EXPECT_EQ(cache.counters().corrupt, 3U);
}

TEST_F(FileCacheTest, WhatCannotBeReadNowIsAMissAndStays) {
  SONDE_NEED_DESCRIPTOR_LIMIT();
  FileCache cache = open();
  store(cache, "a1", "value");
  {
    const NoDescriptors none;
    EXPECT_FALSE(load(cache, "a1"));
  }
  const auto out_of_memory = [](const CachedValue&) {
    return Result<std::string>(Error{ErrorCode::kResourceExhausted, "out of memory"});
  };
  EXPECT_FALSE(cache.load<std::string>("a1", out_of_memory));
  EXPECT_EQ(cache.counters().read_failures, 2U);
  EXPECT_EQ(cache.counters().corrupt, 0U);
  EXPECT_EQ(load(cache, "a1"), "value");
}

TEST_F(FileCacheTest, TheCapHoldsAlsoAfterTheDirectoryCouldNotBeListed) {
  SONDE_NEED_DESCRIPTOR_LIMIT();
  {
    FileCache before = open();
    for (const char* key : {"a1", "b2", "c3"}) store(before, key, std::string(3'000, 'x'));
  }
  FileCache cache = open(kKind, 10'000);
  {
    const NoDescriptors none;
    store(cache, "d4", std::string(3'000, 'x'));
  }
  EXPECT_EQ(cache.counters().write_failures, 1U);
  store(cache, "d4", std::string(3'000, 'x'));
  EXPECT_EQ(cache.counters().evictions, 1U);
}

// What a process with the same id left: its last run, or one of another container.
TEST_F(FileCacheTest, AnotherOnesTemporaryFileIsNoObstacleAndIsLeftAlone) {
  FileCache cache = open();
  const std::string temporary = dir_ + "/a1.test." + std::to_string(::getpid()) + ".tmp";
  std::ofstream(temporary) << "half";
  store(cache, "a1", "value");
  EXPECT_EQ(load(cache, "a1"), "value");
  EXPECT_TRUE(std::filesystem::exists(temporary));
}

TEST_F(FileCacheTest, TheCapRemovesTheLeastRecentlyUsed) {
  FileCache cache = open(kKind, 10'000);
  for (const char* key : {"a1", "b2", "c3"}) store(cache, key, std::string(3'000, 'x'));
  timespec old[2] = {{1'000, 0}, {1'000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (dir_ + "/b2.test").c_str(), old, 0), 0);
  store(cache, "d4", std::string(3'000, 'x'));
  EXPECT_FALSE(load(cache, "b2"));
  for (const char* key : {"a1", "c3", "d4"}) EXPECT_TRUE(load(cache, key)) << key;
  EXPECT_EQ(cache.counters().evictions, 1U);
}

TEST_F(FileCacheTest, KeysThatCouldBePathsAndValuesOverTheLimitAreNotKept) {
  FileCache cache = open();
  for (const std::string& key :
       {std::string(""), std::string("../a"), std::string("A"), std::string(129, 'a')}) {
    store(cache, key, "value");
    EXPECT_FALSE(load(cache, key));
  }
  store(cache, "a1", std::string(100'001, 'x'));
  EXPECT_TRUE(std::filesystem::is_empty(dir_));
}

TEST_F(FileCacheTest, ADirectoryThatWasRemovedIsMadeAgain) {
  FileCache cache = open();
  std::filesystem::remove_all(dir_);
  store(cache, "a1", "value");
  EXPECT_EQ(load(cache, "a1"), "value");
  EXPECT_EQ(cache.counters().write_failures, 0U);
}

TEST_F(FileCacheTest, NothingHoldsTheDiskBetweenCalls) {
  FileCache cache = open();
  store(cache, "a1", "value");
  ASSERT_EQ(load(cache, "a1"), "value");
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const auto file = std::filesystem::read_symlink(entry.path(), error);
    EXPECT_FALSE(!error && file.string().starts_with(dir_)) << file;
  }
}

TEST_F(FileCacheTest, ADirectoryThatCannotBeOpenedIsTriedAtEachCall) {
  std::ofstream(dir_) << "in its place";
  FileCache cache(dir_, kKind, 1 << 20);
  EXPECT_FALSE(cache.check().ok());
  store(cache, "a1", "value");
  EXPECT_EQ(cache.counters().write_failures, 1U);
  EXPECT_FALSE(load(cache, "a1"));
  EXPECT_EQ(cache.counters().read_failures, 1U);
  std::filesystem::remove(dir_);
  store(cache, "a1", "value");
  EXPECT_EQ(load(cache, "a1"), "value");
  EXPECT_EQ(cache.counters().write_failures, 1U);
}

TEST_F(FileCacheTest, WhatIsTouchedMakesRoomLast) {
  FileCache cache = open(kKind, 250);
  store(cache, "a1", std::string(60, 'a'));
  store(cache, "b2", std::string(60, 'b'));
  const auto now = std::filesystem::file_time_type::clock::now();
  std::filesystem::last_write_time(dir_ + "/a1.test", now - std::chrono::hours(2));
  std::filesystem::last_write_time(dir_ + "/b2.test", now - std::chrono::hours(1));
  EXPECT_TRUE(cache.touch("a1"));
  EXPECT_FALSE(cache.touch("c3"));
  store(cache, "c3", std::string(60, 'c'));
  EXPECT_TRUE(load(cache, "a1"));
  EXPECT_FALSE(load(cache, "b2"));
}

}  // namespace
}  // namespace sonde
