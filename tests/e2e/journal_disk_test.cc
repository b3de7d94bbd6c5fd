// SPDX-License-Identifier: Apache-2.0
// A journal on disks that are full, read-only or broken: small real ones.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "core/journal/cursor.h"
#include "core/journal/journal.h"
#include "tests/support/require.h"
#include "tests/support/resource_limit.h"
#include "tests/support/small_disk.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

class JournalDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    SONDE_NEED_ROOT();
    if (!enter_own_mounts()) GTEST_SKIP() << "SKIP mount: needs to mount";
  }
  std::unique_ptr<Journal> open(
      const std::filesystem::path& disk,
      std::chrono::nanoseconds sync_interval = std::chrono::nanoseconds(0)) {
    auto journal = Journal::open({.directory = disk / "journal",
                                  .max_bytes = 64 << 20,
                                  .segment_bytes = 256 << 10,
                                  .sync_interval = sync_interval});
    EXPECT_TRUE(journal.ok()) << journal.error().message;
    return journal ? std::move(*journal) : nullptr;
  }
  // 10 KB that do not pack.
  bool append(Journal& journal) {
    std::string payload(10'000, '\0');
    for (char& byte : payload) byte = static_cast<char>(random_());
    const auto place = journal.append(1, journal.end(), payload);
    if (place) return true;
    last_refusal_ = refusal_of(place.error());
    last_message_ = place.error().message;
    return false;
  }
  // Until the disk refuses, `limit` records at most.
  void append_until_refused(Journal& journal, int limit) {
    for (; limit > 0; --limit) {
      if (!append(journal)) return;
    }
    FAIL() << "the disk never refused";
  }
  static std::uint64_t refused(const Journal& journal, JournalRefusal why) {
    return journal.counters().refused[static_cast<std::size_t>(why)];
  }
  // Every record from the first to the end, in order, is there.
  static void expect_whole(const Journal& journal) {
    JournalCursor cursor(journal, 0);
    std::uint64_t expected = journal.begin();
    while (true) {
      const auto record = cursor.next();
      ASSERT_TRUE(record.ok()) << record.error().message;
      if (!*record) break;
      ASSERT_EQ((*record)->label.sequence, expected++);
    }
    EXPECT_EQ(expected, journal.end());
    EXPECT_EQ(cursor.damaged(), 0U);
  }

  // What is read next comes from the disk.
  static void forget_cached(const std::filesystem::path& directory) {
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      const UniqueFd file(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
      ASSERT_EQ(::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
    }
  }

  const TemporaryDirectory base_;
  std::mt19937_64 random_{1};
  JournalRefusal last_refusal_ = JournalRefusal::kCount;
  std::string last_message_;
};

TEST_F(JournalDiskTest, AFullDiskRefusesAndTheJournalGoesOnWhenThereIsSpace) {
  SmallTmpfs disk(base_.path() / "disk", 1'000);
  ASSERT_TRUE(disk.ok());
  auto journal = open(disk.path());
  append_until_refused(*journal, 200);
  EXPECT_EQ(last_refusal_, JournalRefusal::kDiskFull);
  EXPECT_NE(last_message_.find("No space left"), std::string::npos) << last_message_;
  const std::uint64_t end = journal->end();
  EXPECT_GT(end, 80U) << "it was used before it was full";
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(append(*journal));
  EXPECT_EQ(refused(*journal, JournalRefusal::kDiskFull), 6U);
  EXPECT_EQ(journal->end(), end);
  expect_whole(*journal);
  ASSERT_TRUE(disk.resize(4'000));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(append(*journal)) << last_message_;
  expect_whole(*journal);
  journal.reset();
  expect_whole(*open(disk.path()));
}

TEST_F(JournalDiskTest, ADiskThatOthersFilledIsWrittenToAgainOnceTheyLeave) {
  SmallTmpfs disk(base_.path() / "disk", 1'000);
  ASSERT_TRUE(disk.ok());
  const auto journal = open(disk.path());
  ASSERT_TRUE(append(*journal));
  {
    std::ofstream filler(disk.path() / "filler");
    while (filler.write(std::string(4'096, 'x').data(), 4'096).flush()) {
    }
  }
  append_until_refused(*journal, 100);
  EXPECT_EQ(last_refusal_, JournalRefusal::kDiskFull);
  std::filesystem::remove(disk.path() / "filler");
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(append(*journal)) << last_message_;
  expect_whole(*journal);
}

TEST_F(JournalDiskTest, AReadOnlyDiskIsReadAndRefusesUntilItIsWritable) {
  SmallTmpfs disk(base_.path() / "disk", 4'000);
  ASSERT_TRUE(disk.ok());
  {
    const auto journal = open(disk.path());
    for (int i = 0; i < 40; ++i) ASSERT_TRUE(append(*journal));
  }
  ASSERT_TRUE(disk.set_read_only(true));
  const auto journal = open(disk.path());
  expect_whole(*journal);
  EXPECT_FALSE(append(*journal));
  EXPECT_EQ(last_refusal_, JournalRefusal::kDiskReadOnly);
  EXPECT_EQ(journal->end(), 41U);
  ASSERT_TRUE(disk.set_read_only(false));
  ASSERT_TRUE(append(*journal)) << last_message_;
  EXPECT_EQ(journal->end(), 42U);
  expect_whole(*journal);
}

TEST_F(JournalDiskTest, AFileSystemThatGoesReadOnlyWhileWrittenToKeepsWhatItHas) {
  LoopDisk disk(base_.path() / "image", base_.path() / "disk", "ext4", 16);
  if (!disk.ok()) GTEST_SKIP() << "SKIP loop: needs loop devices";
  const auto journal = open(disk.path());
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(append(*journal));
  ASSERT_TRUE(journal->sync().ok());
  ASSERT_TRUE(disk.become_read_only());
  append_until_refused(*journal, 60);
  EXPECT_FALSE(append(*journal));
  EXPECT_EQ(last_refusal_, JournalRefusal::kDiskReadOnly) << last_message_;
  EXPECT_GE(journal->end(), 41U);
  expect_whole(*journal);
}

TEST_F(JournalDiskTest, ADiskThatFailsIsNamedAndHasWhatWasSyncedOnceItWorks) {
  LoopDisk disk(base_.path() / "image", base_.path() / "disk", "ext4", 16);
  if (!disk.ok()) GTEST_SKIP() << "SKIP loop: needs loop devices";
  auto journal = open(disk.path());
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(append(*journal));
  ASSERT_TRUE(journal->sync().ok());
  ASSERT_TRUE(append(*journal)) << "not synced yet";
  if (!disk.fail()) GTEST_SKIP() << "SKIP ext4: needs one that can be shut down";
  EXPECT_FALSE(append(*journal));
  EXPECT_FALSE(append(*journal));
  EXPECT_EQ(last_refusal_, JournalRefusal::kDiskError) << last_message_;
  EXPECT_NE(last_message_.find("Input/output error"), std::string::npos) << last_message_;
  EXPECT_EQ(journal->counters().sync_failures, 1U);
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(journal->sync().ok()) << "what was appended before may be lost";
    EXPECT_EQ(journal->counters().unsynced_records, 1U);
  }
  EXPECT_GE(journal->bytes(), 2U * (256 << 10) - 10'100) << "nothing reserved could be given back";
  EXPECT_EQ(journal->end(), 42U);
  journal.reset();
  ASSERT_TRUE(disk.repair());
  journal = open(disk.path());
  EXPECT_EQ(journal->end(), 41U);
  ASSERT_TRUE(append(*journal)) << last_message_;
  expect_whole(*journal);
}

TEST_F(JournalDiskTest, SpaceThatTheDiskPromisedAndDoesNotHaveIsMissedAtASync) {
  SmallTmpfs below(base_.path() / "below", 1'000);
  ASSERT_TRUE(below.ok());
  LoopDisk disk(below.path() / "image", base_.path() / "disk", "ext2", 16);
  if (!disk.ok()) GTEST_SKIP() << "SKIP loop: needs loop devices";
  const auto journal = open(disk.path());
  append_until_refused(*journal, 300);
  EXPECT_NE(last_message_.find("fdatasync"), std::string::npos) << last_message_;
  EXPECT_EQ(journal->counters().sync_failures, 1U);
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(journal->sync().ok()) << "what was appended before may be lost";
    EXPECT_GT(journal->counters().unsynced_records, 0U);
  }
  EXPECT_GE(journal->bytes(), 2U * (256 << 10) - 10'100) << "nothing reserved could be given back";
  ASSERT_TRUE(below.resize(20'000));
  const std::uint64_t end = journal->end();
  for (int i = 0; i < 20; ++i) (void)append(*journal);
  EXPECT_GE(journal->end(), end + 18) << last_message_;
  // The kernel says once that it could not write: a further sync of the same bytes would succeed.
  EXPECT_TRUE(journal->sync().ok());
  EXPECT_EQ(journal->counters().unsynced_records, 0U);
  forget_cached(disk.path() / "journal");
  // Of the record before nothing can be said: the loop device takes writes that its file's disk cut
  // short for whole ones.
  JournalCursor cursor(*journal, end - 1);
  const auto record = cursor.next();
  ASSERT_TRUE(record.ok() && record->has_value());
  EXPECT_EQ((*record)->label.sequence, end - 1) << "what could not be synced";
  EXPECT_EQ(cursor.damaged(), 0U);
}

TEST_F(JournalDiskTest, WhatCameBeforeAFailedAppendIsThereAfterAPowerCut) {
  LoopDisk disk(base_.path() / "image", base_.path() / "disk", "ext4", 16);
  if (!disk.ok()) GTEST_SKIP() << "SKIP loop: needs loop devices";
  auto journal = open(disk.path(), std::chrono::hours(1));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(append(*journal));
  {
    const LargestFile limit(55'000);
    EXPECT_FALSE(append(*journal));
  }
  if (!disk.fail()) GTEST_SKIP() << "SKIP ext4: needs one that can be shut down";
  journal.reset();
  ASSERT_TRUE(disk.repair());
  journal = open(disk.path());
  ASSERT_TRUE(journal);
  EXPECT_EQ(journal->end(), 6U);
  expect_whole(*journal);
}

}  // namespace
}  // namespace sonde
