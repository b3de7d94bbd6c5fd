// SPDX-License-Identifier: Apache-2.0
#include "core/journal/record.h"

#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

constexpr std::uint64_t kMark = 0x1122334455667788;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string framed(const std::string& payload) {
  return frame_record(kMark, {.sequence = 7, .time_ns = 1'000, .type = 3}, *pack_payload(payload));
}

TEST(RecordTest, ComesBackAsItWasWritten) {
  const std::string payload(10'000, 'x');
  const std::string record = framed(payload);
  const auto header = parse_record_header(bytes_of(record), kMark);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->sequence, 7U);
  EXPECT_EQ(header->time_ns, 1'000U);
  EXPECT_EQ(header->type, 3U);
  const std::string stored = record.substr(sizeof(RecordHeader));
  EXPECT_LT(stored.size(), 100U) << "packed";
  ASSERT_TRUE(is_intact(*header, bytes_of(stored)));
  EXPECT_EQ(*unpack_payload(*header, stored), payload);
}

TEST(RecordTest, AnEmptyPayloadIsARecordToo) {
  const std::string record = framed("");
  const auto header = parse_record_header(bytes_of(record), kMark);
  ASSERT_TRUE(header);
  EXPECT_EQ(*unpack_payload(*header, record.substr(sizeof(RecordHeader))), "");
}

TEST(RecordTest, EachFlippedBitIsFound) {
  const std::string record = framed("a payload that is looked at bit by bit");
  for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::string damaged = record;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const auto header = parse_record_header(bytes_of(damaged), kMark);
    const bool intact =
        header && is_intact(*header, bytes_of(damaged).subspan(sizeof(RecordHeader)));
    EXPECT_FALSE(intact) << "bit " << bit;
  }
}

TEST(RecordTest, AnotherSegmentsMarkIsNoRecord) {
  EXPECT_FALSE(parse_record_header(bytes_of(framed("x")), kMark + 1));
}

TEST(RecordTest, APayloadOverTheLimitIsRefused) {
  const auto packed = pack_payload(std::string(kMaxJournalPayload + 1, 'x'));
  ASSERT_FALSE(packed.ok());
  EXPECT_EQ(packed.error().code, ErrorCode::kOutOfRange);
}

TEST(RecordTest, APayloadOfAnotherSizeThanStatedIsDamage) {
  PackedPayload packed = *pack_payload("twelve bytes");
  for (const std::uint32_t stated : {11U, 13U}) {
    packed.raw_bytes = stated;
    const std::string record = frame_record(kMark, {.sequence = 1}, packed);
    const auto header = parse_record_header(bytes_of(record), kMark);
    ASSERT_TRUE(header);
    EXPECT_EQ(unpack_payload(*header, packed.stored).error().code, ErrorCode::kDataLoss);
  }
}

TEST(RecordTest, AnEncodingOfALaterVersionIsNamedAsSuch) {
  RecordHeader header{.encoding = 9};
  EXPECT_EQ(unpack_payload(header, "").error().code, ErrorCode::kUnimplemented);
}

}  // namespace
}  // namespace sonde
