// SPDX-License-Identifier: Apache-2.0
#include "core/journal/journal.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <random>

#include "core/base/clock.h"
#include "core/journal/cursor.h"
#include "tests/support/resource_limit.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

class JournalTest : public testing::Test {
 protected:
  std::unique_ptr<Journal> open() {
    auto journal = Journal::open(options_);
    EXPECT_TRUE(journal.ok()) << journal.error().message;
    return journal ? std::move(*journal) : nullptr;
  }
  // Hardly packs: what the caps see is what is appended.
  std::string noise(std::size_t bytes) {
    std::string out(bytes, '\0');
    for (char& byte : out) byte = static_cast<char>(random_());
    return out;
  }
  static std::vector<std::uint64_t> sequences(const Journal& journal) {
    std::vector<std::uint64_t> out;
    JournalCursor cursor(journal, 0);
    while (true) {
      auto record = cursor.next();
      EXPECT_TRUE(record.ok());
      if (!record || !*record) return out;
      out.push_back((*record)->label.sequence);
    }
  }
  // Records that a reader does not find.
  static std::uint64_t damaged(const Journal& journal) {
    JournalCursor cursor(journal, 0);
    while (cursor.position() < journal.end()) (void)cursor.next();
    return cursor.damaged();
  }
  static std::vector<std::uint64_t> from_to(std::uint64_t first, std::uint64_t end) {
    std::vector<std::uint64_t> out;
    for (; first < end; ++first) out.push_back(first);
    return out;
  }
  std::uint64_t lost(const Journal& journal, JournalLoss why) {
    return journal.counters().lost[static_cast<std::size_t>(why)];
  }
  std::filesystem::path last_file() {
    std::filesystem::path last;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
      last = std::max(last, entry.path());
    }
    return last;
  }
  // What all files take of the disk.
  std::uint64_t disk_bytes() {
    std::uint64_t sum = 0;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
      struct stat status {};
      EXPECT_EQ(::stat(entry.path().c_str(), &status), 0);
      sum += static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
    return sum;
  }

  const TemporaryDirectory base_;
  JournalOptions options_{
      .directory = base_.path() / "journal", .max_bytes = 1 << 20, .segment_bytes = 64 << 10};
  std::mt19937_64 random_{1};
};

TEST_F(JournalTest, WhatIsAppendedIsReadAlsoAfterReopening) {
  RecordPlace second;
  {
    const auto journal = open();
    EXPECT_EQ(journal->begin(), 1U);
    EXPECT_EQ(journal->end(), 1U);
    ASSERT_TRUE(journal->append(1, 1'000, "first").ok());
    second = *journal->append(2, 2'000, "second");
    EXPECT_EQ(sequences(*journal), from_to(1, 3));
  }
  const auto journal = open();
  EXPECT_EQ(journal->end(), 3U);
  const auto record = journal->read(second);
  ASSERT_TRUE(record.ok()) << record.error().message;
  EXPECT_EQ(record->payload, "second");
  EXPECT_EQ(record->label.type, 2U);
  EXPECT_EQ(record->label.time_ns, 2'000U);
  ASSERT_TRUE(journal->append(1, 3'000, "third").ok());
  EXPECT_EQ(sequences(*journal), from_to(1, 4));
  EXPECT_EQ(journal->segments().size(), 1U) << "the last segment goes on";
}

TEST_F(JournalTest, BelongsToOneProcess) {
  auto journal = open();
  const auto other = Journal::open(options_);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::kFailedPrecondition);
  journal.reset();
  EXPECT_TRUE(Journal::open(options_).ok());
}

TEST_F(JournalTest, TheOldestSegmentsAreUnlinkedToStayUnderTheBytes) {
  const auto journal = open();
  constexpr std::uint64_t kRecords = 600;
  for (std::uint64_t i = 1; i <= kRecords; ++i) {
    ASSERT_TRUE(journal->append(1, i, noise(5'000)).ok());
    ASSERT_LE(journal->bytes(), options_.max_bytes);
    ASSERT_LE(disk_bytes(), options_.max_bytes + 16'384);
  }
  const std::vector<std::uint64_t> kept = sequences(*journal);
  EXPECT_EQ(kept, from_to(journal->begin(), kRecords + 1));
  EXPECT_GT(kept.size() * 5'000, options_.max_bytes * 8 / 10) << "and not far under them";
  EXPECT_EQ(kept.size() + lost(*journal, JournalLoss::kOverBytes), kRecords);
}

TEST_F(JournalTest, ASmallerCapHoldsFromTheNextAppendOn) {
  {
    const auto journal = open();
    for (std::uint64_t i = 0; i < 150; ++i) ASSERT_TRUE(journal->append(1, i, noise(5'000)).ok());
  }
  options_.max_bytes = 256 << 10;
  const auto journal = open();
  ASSERT_TRUE(journal->append(1, 1, "x").ok());
  EXPECT_LE(journal->bytes(), options_.max_bytes);
  EXPECT_EQ(sequences(*journal).back(), 151U);
}

TEST_F(JournalTest, RecordsOlderThanTheLimitAreShedForTheirAge) {
  options_.max_age = std::chrono::nanoseconds(1'600);
  const auto journal = open();
  for (std::uint64_t now = 0; now < 10'000; now += 10) {
    ASSERT_TRUE(journal->append(1, now, "x").ok());
    // Segments end after a sixteenth of the age.
    JournalCursor cursor(*journal, 0);
    const auto oldest = cursor.next();
    ASSERT_LE(now - (*oldest)->label.time_ns, 1'600U + 120U);
    ASSERT_GE(now - (*oldest)->label.time_ns + 120U, std::min<std::uint64_t>(now, 1'600U));
  }
  EXPECT_EQ(sequences(*journal).size() + lost(*journal, JournalLoss::kOverAge), 1'000U);
}

TEST_F(JournalTest, ReservedBlocksAreReturnedWhenASegmentEnds) {
  options_.segment_bytes = options_.max_bytes;
  {
    const auto journal = open();
    ASSERT_TRUE(journal->append(1, 1, "x").ok());
    EXPECT_GE(disk_bytes(), options_.segment_bytes) << "reserved";
    EXPECT_EQ(std::filesystem::file_size(last_file()), journal->segments().back().bounds.end);
  }
  EXPECT_LE(disk_bytes(), 8'192U);
}

TEST_F(JournalTest, ARecordLargerThanASegmentHasItsOwn) {
  const auto journal = open();
  ASSERT_TRUE(journal->append(1, 1, "x").ok());
  ASSERT_TRUE(journal->append(1, 1, noise(300'000)).ok());
  ASSERT_TRUE(journal->append(1, 1, "x").ok());
  EXPECT_EQ(journal->segments().size(), 3U);
  EXPECT_EQ(sequences(*journal), from_to(1, 4));
}

TEST_F(JournalTest, ARecordLargerThanTheCapIsRefusedAndNothingIsShedForIt) {
  const auto journal = open();
  ASSERT_TRUE(journal->append(1, 1, "x").ok());
  for (const std::size_t bytes : {std::size_t{1'100'000}, kMaxJournalPayload + 1}) {
    const auto refused = journal->append(1, 1, noise(bytes));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refusal_of(refused.error()), JournalRefusal::kRecordTooLarge);
  }
  EXPECT_EQ(sequences(*journal), from_to(1, 2));
  EXPECT_EQ(journal->counters().refused[static_cast<std::size_t>(JournalRefusal::kRecordTooLarge)],
            2U);
}

TEST_F(JournalTest, ATornTailIsCutAndItsNumberUsedAgain) {
  {
    const auto journal = open();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(journal->append(1, 1, noise(100)).ok());
  }
  std::filesystem::resize_file(last_file(), std::filesystem::file_size(last_file()) - 1);
  const auto journal = open();
  EXPECT_EQ(journal->end(), 5U);
  EXPECT_GT(journal->counters().torn_bytes, 100U);
  ASSERT_TRUE(journal->append(1, 1, "again").ok());
  EXPECT_EQ(sequences(*journal), from_to(1, 6));
  EXPECT_EQ(damaged(*journal), 0U) << "nobody was told that it was there";
}

TEST_F(JournalTest, ALastSegmentOfNothingButDamageIsNoObstacle) {
  {
    const auto journal = open();
    ASSERT_TRUE(journal->append(1, 1, "x").ok());
  }
  std::ofstream(last_file()) << "damaged";
  const auto journal = open();
  ASSERT_TRUE(journal->append(1, 1, "y").ok());
  EXPECT_EQ(sequences(*journal), from_to(2, 3));
  EXPECT_EQ(damaged(*journal), 1U);
}

TEST_F(JournalTest, AnEmptyFileWithASegmentsNameIsNoObstacle) {
  { const auto journal = open(); }
  std::ofstream(std::filesystem::path(options_.directory) / segment_name({1, 77}));
  const auto journal = open();
  ASSERT_TRUE(journal->append(1, 1, "y").ok());
  EXPECT_EQ(sequences(*journal), from_to(2, 3));
}

TEST_F(JournalTest, ALastSegmentThatCannotBeReadIsLeftBehind) {
  {
    const auto journal = open();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(journal->append(1, 1, "x").ok());
  }
  const auto place = std::filesystem::path(options_.directory) / segment_name({4, 77});
  for (const bool can_open : {true, false}) {
    if (can_open) {
      std::filesystem::create_directory(place);  // large enough on any file system to be read
      for (const char name : {'a', 'b', 'c'}) std::ofstream(place / std::string(64, name));
    } else {
      std::filesystem::create_symlink(last_file(), place);
    }
    const auto journal = open();
    ASSERT_TRUE(journal);
    EXPECT_EQ(journal->counters().unreadable_segments, 1U);
    EXPECT_EQ(journal->end(), 5U);
    const auto behind = journal->append(1, 1, "y");
    ASSERT_TRUE(behind.ok());
    EXPECT_EQ(journal->read(*behind)->payload, "y");
    EXPECT_EQ(damaged(*journal), 1U);
    std::filesystem::remove_all(place);
    std::filesystem::remove(last_file());
  }
}

TEST_F(JournalTest, WhatCameBeforeAFailedAppendIsSyncedAndItsReservedBlocksReturned) {
  const auto journal = open();
  ASSERT_TRUE(journal->append(1, 1, noise(5'000)).ok());
  {
    const LargestFile limit(8'000);
    const auto refused = journal->append(1, 1, noise(5'000));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().sys_errno, EFBIG);
  }
  EXPECT_EQ(journal->counters().syncs, 1U);
  EXPECT_TRUE(journal->sync().ok());
  EXPECT_LE(disk_bytes(), 8'192U);
  EXPECT_LE(journal->bytes(), 8'192U);
  ASSERT_TRUE(journal->append(1, 1, "x").ok());
  EXPECT_EQ(sequences(*journal), from_to(1, 3));
}

TEST_F(JournalTest, SegmentsThatSomebodyRemovedAreErrorsNotCrashes) {
  const auto journal = open();
  const RecordPlace place = *journal->append(1, 1, "x");
  std::filesystem::remove_all(options_.directory);
  EXPECT_EQ(journal->read(place).error().code, ErrorCode::kNotFound);
  JournalCursor cursor(*journal, 0);
  EXPECT_FALSE(cursor.next().ok());
  auto none = cursor.next();
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->has_value());
  // Told at the next sync; after that a new segment finds no directory.
  EXPECT_EQ(journal->sync().error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(journal->sync().ok()) << "told once";
  const auto refused = journal->append(1, 1, "x");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(refusal_of(refused.error()), JournalRefusal::kDiskError);
}

TEST_F(JournalTest, AppendsSyncOnceTheIntervalHasPassed) {
  options_.sync_interval = std::chrono::nanoseconds(0);
  const auto journal = open();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(journal->append(1, 1, "x").ok());
  EXPECT_EQ(journal->counters().syncs, 2U) << "what is before each append";
  ASSERT_TRUE(journal->sync().ok());
  EXPECT_EQ(journal->counters().syncs, 3U);
}

TEST_F(JournalTest, AReadOfAPlaceThatWasShedOrIsDamagedSaysSo) {
  const auto journal = open();
  const RecordPlace first = *journal->append(1, 1, noise(5'000));
  const RecordPlace second = *journal->append(1, 1, noise(5'000));
  std::fstream file(last_file(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(second.offset + 1'000));
  file.put('\0').put('\1').put('\2');
  file.close();
  EXPECT_TRUE(journal->read(first).ok());
  EXPECT_EQ(journal->read(second).error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(journal->read({first.segment, 1 << 30}).error().code, ErrorCode::kNotFound);
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(journal->append(1, 1, noise(5'000)).ok());
  EXPECT_EQ(journal->read(first).error().code, ErrorCode::kNotFound);
}

TEST_F(JournalTest, ACapSmallerThanASegmentIsRefused) {
  options_.segment_bytes = options_.max_bytes + 1;
  EXPECT_EQ(Journal::open(options_).error().code, ErrorCode::kInvalidArgument);
}

// Appends for ever and tells each number that append() has confirmed.
[[noreturn]] void append_until_killed(const JournalOptions& options, int confirmed) {
  auto journal = Journal::open(options);
  std::mt19937_64 random(static_cast<std::uint64_t>(::getpid()));
  std::string payload;
  while (journal.ok()) {
    payload.resize(random() % 20'000);
    for (char& byte : payload) byte = static_cast<char>(random());
    const std::uint64_t sequence = (*journal)->end();
    payload.append(reinterpret_cast<const char*>(&sequence), sizeof(sequence));
    if (!(*journal)->append(1, sequence, payload)) break;
    if (::write(confirmed, &sequence, sizeof(sequence)) != sizeof(sequence)) break;
  }
  ::_exit(1);
}

// The last number that a child confirmed before it was killed after `microseconds`.
std::uint64_t kill_a_writer(const JournalOptions& options, std::uint64_t microseconds) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    append_until_killed(options, ends[1]);
  }
  ::close(ends[1]);
  std::uint64_t last = 0;
  std::uint64_t sequence = 0;
  // From its first record on: before, there is nothing to lose.
  if (::read(ends[0], &last, sizeof(last)) != sizeof(last)) last = 0;
  const std::uint64_t end = monotonic_ns() + microseconds * 1'000;
  while (monotonic_ns() < end) {
  }
  ::kill(child, SIGKILL);
  while (::read(ends[0], &sequence, sizeof(sequence)) == sizeof(sequence)) last = sequence;
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  ::close(ends[0]);
  return last;
}

TEST_F(JournalTest, AWriterKilledAtAnyMomentLosesNothingThatItWasToldIsThere) {
  for (int round = 0; round < 40; ++round) {
    const std::uint64_t confirmed = kill_a_writer(options_, random_() % 4'000);
    const auto journal = open();
    ASSERT_TRUE(journal);
    // The record being written may be whole although nobody was told.
    ASSERT_GE(journal->end(), confirmed + 1);
    ASSERT_LE(journal->end(), confirmed + 2);
    JournalCursor cursor(*journal, 0);
    std::uint64_t expected = journal->begin();
    while (true) {
      const auto record = cursor.next();
      ASSERT_TRUE(record.ok());
      if (!*record) break;
      ASSERT_EQ((*record)->label.sequence, expected++);
      std::uint64_t inside = 0;
      std::memcpy(&inside, (*record)->payload.data() + (*record)->payload.size() - 8, 8);
      ASSERT_EQ(inside, (*record)->label.sequence);
    }
    ASSERT_EQ(expected, journal->end());
    ASSERT_EQ(cursor.damaged(), 0U);
  }
}

}  // namespace
}  // namespace sonde
