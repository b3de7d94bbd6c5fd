// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/sample_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "bpf/abi/stop.h"

namespace sonde {
namespace {

std::vector<std::byte> record_of(const sonde_sample& header,
                                 const std::vector<std::uint64_t>& words) {
  std::vector<std::byte> bytes(sizeof(header) + words.size() * sizeof(std::uint64_t));
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::ranges::copy(std::as_bytes(std::span(words)), bytes.begin() + sizeof(header));
  return bytes;
}

sonde_sample header_of(std::uint16_t kernel, std::uint16_t user) {
  sonde_sample header{};
  header.tgid = 42;
  header.kernel_count = kernel;
  header.user_count = user;
  return header;
}

Result<RawSample> parsed(std::span<const std::byte> record) {
  RawSample sample;
  if (auto done = parse_sample(record, sample); !done) return done.error();
  return sample;
}

TEST(SampleParserTest, FramesAreSplitIntoKernelAndUser) {
  const auto sample = parsed(record_of(header_of(2, 3), {1, 2, 30, 40, 50}));
  ASSERT_TRUE(sample.ok());
  EXPECT_EQ(sample->header.tgid, 42U);
  EXPECT_EQ(sample->kernel, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(sample->user, (std::vector<std::uint64_t>{30, 40, 50}));
}

TEST(SampleParserTest, NothingIsLeftOfTheSampleBefore) {
  RawSample sample;
  ASSERT_TRUE(parse_sample(record_of(header_of(2, 3), {1, 2, 30, 40, 50}), sample).ok());
  ASSERT_TRUE(parse_sample(record_of(header_of(1, 0), {7}), sample).ok());
  EXPECT_EQ(sample.kernel, (std::vector<std::uint64_t>{7}));
  EXPECT_TRUE(sample.user.empty());
}

TEST(SampleParserTest, ARecordShorterThanItsCountsIsDamaged) {
  const auto bytes = record_of(header_of(2, 3), {1, 2, 30, 40});
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    EXPECT_FALSE(parsed(std::span(bytes).first(size)).ok()) << "damaged_record" << size;
  }
}

TEST(SampleParserTest, ADeferredRecordHasItsCopyBehindTheRoomForKernelFrames) {
  auto header = header_of(2, SONDE_DEFERRED_REGISTERS + 1);
  header.flags = SONDE_SAMPLE_DEFERRED;
  std::vector<std::uint64_t> words(SONDE_MAX_KERNEL_FRAMES + SONDE_DEFERRED_REGISTERS + 1);
  words[1] = 7;
  words[SONDE_MAX_KERNEL_FRAMES] = 8;
  words.back() = 9;
  const auto sample = parsed(record_of(header, words));
  ASSERT_TRUE(sample.ok());
  EXPECT_TRUE(sample->is_deferred());
  EXPECT_EQ(sample->kernel, (std::vector<std::uint64_t>{0, 7}));
  EXPECT_EQ(sample->user.front(), 8U);
  EXPECT_EQ(sample->user.back(), 9U);
  words.pop_back();
  EXPECT_FALSE(parsed(record_of(header, words)).ok());
  header.user_count = SONDE_DEFERRED_REGISTERS - 1;  // not even the registers
  EXPECT_FALSE(parsed(record_of(header, words)).ok());
}

TEST(SampleParserTest, CountsPastTheLimitsAreDamaged) {
  EXPECT_FALSE(parsed(record_of(header_of(SONDE_MAX_KERNEL_FRAMES + 1, 0),
                                std::vector<std::uint64_t>(SONDE_MAX_KERNEL_FRAMES + 1)))
                   .ok());
  auto header = header_of(0, 0);
  header.stop = SONDE_STOP_COUNT;
  EXPECT_FALSE(parsed(record_of(header, {})).ok());
}

}  // namespace
}  // namespace sonde
