// SPDX-License-Identifier: Apache-2.0
#include "core/journal/cursor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/support/resource_limit.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

class JournalCursorTest : public testing::Test {
 protected:
  JournalCursorTest() { journal_ = std::move(*Journal::open(options_)); }

  void append(std::uint64_t records) {
    for (; records > 0; --records) {
      // Letters in no order: such a payload packs to about 3 KB.
      std::string payload;
      for (std::uint64_t i = 0; i < 500; ++i) {
        payload += std::to_string(seed_ = seed_ * 6364136223846793005U + 1442695040888963407U);
      }
      ASSERT_TRUE(journal_->append(1, journal_->end(), payload.substr(0, 7'000)).ok());
    }
  }
  static std::uint64_t next_sequence(JournalCursor& cursor) {
    auto record = cursor.next();
    EXPECT_TRUE(record.ok());
    return record && *record ? (*record)->label.sequence : 0;
  }
  std::string file_of(std::size_t segment) {
    return base_.path() / "journal" / segment_name(journal_->segments()[segment].id);
  }

  const TemporaryDirectory base_;
  const JournalOptions options_{
      .directory = base_.path() / "journal", .max_bytes = 512 << 10, .segment_bytes = 64 << 10};
  std::unique_ptr<Journal> journal_;
  std::uint64_t seed_ = 1;
};

TEST_F(JournalCursorTest, FollowsWhatIsAppendedAcrossSegments) {
  JournalCursor cursor(*journal_, 0);
  EXPECT_EQ(next_sequence(cursor), 0U) << "nothing yet";
  std::uint64_t expected = 1;
  for (int round = 0; round < 20; ++round) {
    append(5);
    for (int i = 0; i < 5; ++i) ASSERT_EQ(next_sequence(cursor), expected++);
    ASSERT_EQ(next_sequence(cursor), 0U);
    ASSERT_EQ(cursor.position(), expected);
  }
  EXPECT_GT(journal_->segments().size(), 3U);
  EXPECT_EQ(cursor.damaged(), 0U);
}

TEST_F(JournalCursorTest, BeginsWhereItIsToldAndNoLaterThanTheEnd) {
  append(50);
  JournalCursor middle(*journal_, 37);
  EXPECT_EQ(next_sequence(middle), 37U);
  JournalCursor beyond(*journal_, 1'000'000);
  EXPECT_EQ(beyond.position(), 51U);
  EXPECT_EQ(next_sequence(beyond), 0U);
  append(1);
  EXPECT_EQ(next_sequence(beyond), 51U);
}

TEST_F(JournalCursorTest, WhatWasShedBeforeItWasReadIsCounted) {
  append(10);
  JournalCursor cursor(*journal_, 0);
  EXPECT_EQ(next_sequence(cursor), 1U);
  append(400);
  std::uint64_t read = 1;
  while (next_sequence(cursor) != 0) ++read;
  EXPECT_GT(cursor.shed(), 100U);
  EXPECT_EQ(read + cursor.shed(), 410U);
  EXPECT_EQ(cursor.damaged(), 0U);
}

TEST_F(JournalCursorTest, DamagedRecordsAreCountedOnceWhereverTheyAre) {
  append(100);
  for (const std::size_t segment : {std::size_t{0}, std::size_t{2}}) {
    std::fstream file(file_of(segment), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(segment == 0 ? 20 : -20, segment == 0 ? std::ios::beg : std::ios::end);
    file.put('\0').put('\1').put('\2');  // the first one's header, the last one's payload
  }
  JournalCursor cursor(*journal_, 0);
  std::uint64_t read = 0;
  while (next_sequence(cursor) != 0) ++read;
  EXPECT_EQ(read, 98U);
  EXPECT_EQ(cursor.damaged(), 2U);
  EXPECT_EQ(cursor.position(), 101U);
}

TEST_F(JournalCursorTest, DamageBeforeItsPositionIsNotItsOwn) {
  append(100);
  std::fstream file(file_of(0), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(20);
  file.put('\0').put('\1').put('\2');
  file.close();
  JournalCursor cursor(*journal_, 5);
  EXPECT_EQ(next_sequence(cursor), 5U);
  EXPECT_EQ(cursor.damaged(), 0U);
}

TEST_F(JournalCursorTest, ASegmentThatCannotBeReadIsAnErrorOnceAndTheRestIsRead) {
  append(100);
  const SegmentView second = journal_->segments()[1];
  std::filesystem::resize_file(file_of(1), 10);
  JournalCursor cursor(*journal_, 0);
  std::uint64_t read = 0;
  std::uint64_t errors = 0;
  while (cursor.position() < journal_->end()) {
    const auto record = cursor.next();
    ++(record.ok() ? read : errors);
  }
  EXPECT_EQ(errors, 1U);
  EXPECT_EQ(cursor.damaged(), second.bounds.sequence_end - second.id.first_sequence);
  EXPECT_EQ(read + cursor.damaged(), 100U);
}

TEST_F(JournalCursorTest, WithoutDescriptorsNothingIsPassedOver) {
  SONDE_NEED_DESCRIPTOR_LIMIT();
  append(100);
  JournalCursor cursor(*journal_, 0);
  {
    const NoDescriptors none;
    for (int i = 0; i < 2; ++i) {
      const auto record = cursor.next();
      ASSERT_FALSE(record.ok());
      EXPECT_EQ(record.error().code, ErrorCode::kResourceExhausted);
    }
  }
  for (std::uint64_t i = 1; i <= 100; ++i) ASSERT_EQ(next_sequence(cursor), i);
  EXPECT_EQ(cursor.damaged(), 0U);
}

TEST_F(JournalCursorTest, ReadsWhileAnotherThreadAppends) {
  std::atomic<bool> done = false;
  std::uint64_t read = 0;
  std::uint64_t shed = 0;
  std::thread reader([&] {
    JournalCursor cursor(*journal_, 0);
    while (true) {
      const bool last_look = done;
      if (next_sequence(cursor) != 0) {
        ++read;
      } else if (last_look) {
        break;
      }
    }
    EXPECT_EQ(cursor.damaged(), 0U);
    shed = cursor.shed();
  });
  append(500);
  done = true;
  reader.join();
  EXPECT_EQ(read + shed, 500U);
}

}  // namespace
}  // namespace sonde
