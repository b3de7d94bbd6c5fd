// SPDX-License-Identifier: Apache-2.0
#include "core/journal/segment.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>

#include "tests/support/segment_sample.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

TEST(SegmentTest, NamesSayWhatIsInThem) {
  EXPECT_EQ(segment_name(kSampleId), "0000000000000064-feedfacecafebeef.journal");
  EXPECT_EQ(parse_segment_name(segment_name(kSampleId)), kSampleId);
  for (const char* other :
       {"", "next.tmp", "0000000000000064-FEEDFACECAFEBEEF.journal",
        "0000000000000064_feedfacecafebeef.journal", "000000000000006x-feedfacecafebeef.journal",
        "0000000000000064-feedfacecafebeef.journal2"}) {
    EXPECT_FALSE(parse_segment_name(other)) << other;
  }
}

TEST(SegmentTest, AreListedInTheOrderOfTheirRecords) {
  const TemporaryDirectory directory;
  for (const std::uint64_t first : {300U, 1U, 20U}) {
    std::ofstream(directory.path() / segment_name({first, 5}));
  }
  std::ofstream(directory.path() / "index.db");
  const UniqueFd fd(::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto found = list_segments(fd.get());
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, (std::vector<SegmentId>{{1, 5}, {20, 5}, {300, 5}}));
}

TEST(SegmentReaderTest, ReadsEveryRecordAndStepsOverEarlierOnes) {
  const SegmentSample segment = segment_sample(50);
  const UniqueFd fd = file_of(segment.bytes);
  SegmentReader reader(fd.get(), kSampleId);
  EXPECT_EQ(read_all(reader, all_of(segment.bytes)), sequences(0, 50));
  SegmentReader late(fd.get(), kSampleId);
  EXPECT_EQ(read_all(late, all_of(segment.bytes), kSampleId.first_sequence + 47),
            sequences(47, 50));
  EXPECT_EQ(late.damaged_bytes(), 0U);
}

TEST(SegmentReaderTest, GoesOnWhenTheBoundsGrow) {
  const SegmentSample segment = segment_sample(10);
  const UniqueFd fd = file_of(segment.bytes);
  SegmentReader reader(fd.get(), kSampleId);
  EXPECT_EQ(read_all(reader, {segment.starts[4], ~std::uint64_t{0}}), sequences(0, 4));
  EXPECT_EQ(read_all(reader, all_of(segment.bytes)), sequences(4, 10));
}

TEST(SegmentReaderTest, RecordsOfTheNextSegmentsNumbersAreNotBelieved) {
  const SegmentSample segment = segment_sample(10);
  const UniqueFd fd = file_of(segment.bytes);
  SegmentReader reader(fd.get(), kSampleId);
  EXPECT_EQ(read_all(reader, {segment.bytes.size(), kSampleId.first_sequence + 7}),
            sequences(0, 7));
}

TEST(SegmentReaderTest, TruncatedAtEachByteItHasEveryRecordBeforeTheCut) {
  const SegmentSample segment = segment_sample(40);
  const UniqueFd fd = file_of(segment.bytes);
  std::size_t whole = 40;
  for (std::uint64_t cut = segment.bytes.size(); cut-- > 0;) {
    ASSERT_EQ(::ftruncate(fd.get(), static_cast<off_t>(cut)), 0);
    while (segment.starts[whole] > cut) --whole;
    SegmentReader reader(fd.get(), kSampleId);
    ASSERT_EQ(read_all(reader, {cut, ~std::uint64_t{0}}), sequences(0, whole)) << "cut at " << cut;
    ASSERT_EQ(reader.offset(), segment.starts[whole]);
  }
}

TEST(SegmentReaderTest, WithFlippedBitsEveryOtherRecordIsFound) {
  constexpr std::size_t kRecords = 1'000;
  const SegmentSample segment = segment_sample(kRecords);
  std::mt19937_64 random(4);
  for (int round = 0; round < 20; ++round) {
    std::string bytes = segment.bytes;
    std::vector<bool> hit(kRecords, false);
    for (int flip = 0; flip < 1 << (round / 2); ++flip) {
      const std::uint64_t bit = random() % (bytes.size() * 8);
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
      const auto behind = std::ranges::upper_bound(segment.starts, bit / 8);
      hit[static_cast<std::size_t>(behind - segment.starts.begin()) - 1] = true;
    }
    std::vector<std::uint64_t> expected;
    for (std::size_t i = 0; i < kRecords; ++i) {
      // A bit may have been flipped twice: compare what is there, not what was done.
      const std::uint64_t size = segment.starts[i + 1] - segment.starts[i];
      if (!hit[i] ||
          bytes.compare(segment.starts[i], size, segment.bytes, segment.starts[i], size) == 0) {
        expected.push_back(kSampleId.first_sequence + i);
      }
    }
    const UniqueFd fd = file_of(bytes);
    SegmentReader reader(fd.get(), kSampleId);
    EXPECT_EQ(read_all(reader, all_of(bytes)), expected) << "round " << round;
  }
}

TEST(SegmentReaderTest, BytesThatWereTakenOutOrPutInCostNoOtherRecord) {
  const SegmentSample segment = segment_sample(100);
  for (std::uint64_t at = segment.starts[40]; at <= segment.starts[41]; ++at) {
    std::string shorter = segment.bytes;
    shorter.erase(at, 5);
    const UniqueFd fd = file_of(shorter);
    SegmentReader reader(fd.get(), kSampleId);
    const auto found = read_all(reader, all_of(shorter));
    EXPECT_GE(found.size(), 98U) << "at " << at;
    std::string longer = segment.bytes;
    longer.insert(at, "five.");
    const UniqueFd other = file_of(longer);
    SegmentReader again(other.get(), kSampleId);
    EXPECT_GE(read_all(again, all_of(longer)).size(), 99U) << "at " << at;
  }
}

TEST(SegmentReaderTest, DamageIsCountedInBytesAndZerosAtTheEndAreNone) {
  const SegmentSample segment = segment_sample(10);
  std::string bytes = segment.bytes;
  bytes[segment.starts[3]] ^= 1;
  bytes += "torn" + std::string(100'000, '\0');
  const UniqueFd fd = file_of(bytes);
  SegmentReader reader(fd.get(), kSampleId);
  EXPECT_EQ(read_all(reader, all_of(bytes)).size(), 9U);
  EXPECT_EQ(reader.damaged_bytes(), segment.starts[4] - segment.starts[3]);
  ASSERT_TRUE(reader.finish(bytes.size()).ok());
  EXPECT_EQ(reader.damaged_bytes(), segment.starts[4] - segment.starts[3] + 4);
}

TEST(SegmentReaderTest, ARecordInsideAPayloadIsNotBelieved) {
  // Somebody knows the format, but not the mark: the file around it is damaged.
  const std::string fake = frame_record(
      0x1234, {.sequence = kSampleId.first_sequence + 1, .type = 1}, *pack_payload("made up"));
  std::string bytes = frame_record(kSampleId.mark, {.sequence = kSampleId.first_sequence},
                                   {.stored = "x" + fake, .raw_bytes = 1});
  bytes[20] ^= 1;  // its header
  const UniqueFd fd = file_of(bytes);
  SegmentReader reader(fd.get(), kSampleId);
  EXPECT_TRUE(read_all(reader, all_of(bytes)).empty());
}

TEST(SegmentReaderTest, AFileThatShrankIsAnErrorNotAnEnd) {
  const SegmentSample segment = segment_sample(10);
  const UniqueFd fd = file_of(segment.bytes);
  SegmentReader reader(fd.get(), kSampleId);
  ASSERT_EQ(::ftruncate(fd.get(), 10), 0);
  const auto record = reader.next(all_of(segment.bytes));
  ASSERT_FALSE(record.ok());
  EXPECT_EQ(record.error().code, ErrorCode::kDataLoss);
}

}  // namespace
}  // namespace sonde
