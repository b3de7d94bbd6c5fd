// SPDX-License-Identifier: Apache-2.0
// A segment of 1,000 records, truncated at each of its bytes, and with each of 10,000 bits flipped.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "tests/support/segment_sample.h"

namespace sonde {
namespace {

constexpr std::size_t kRecords = 1'000;

TEST(JournalDamageTest, TruncatedAtEachByteEveryRecordBeforeTheCutIsRead) {
  const SegmentSample segment = segment_sample(kRecords);
  const UniqueFd fd = file_of(segment.bytes);
  std::size_t whole = kRecords;
  for (std::uint64_t cut = segment.bytes.size(); cut-- > 0;) {
    ASSERT_EQ(::ftruncate(fd.get(), static_cast<off_t>(cut)), 0);
    while (segment.starts[whole] > cut) --whole;
    // The first ones are stepped over by their headers: they are the same in every round.
    const std::size_t from = whole - std::min<std::size_t>(whole, 5);
    SegmentReader reader(fd.get(), kSampleId);
    ASSERT_EQ(read_all(reader, {cut, ~std::uint64_t{0}}, kSampleId.first_sequence + from),
              sequences(from, whole))
        << "cut at " << cut;
  }
}

TEST(JournalDamageTest, AFlippedBitCostsItsOwnRecordAndNoOther) {
  const SegmentSample segment = segment_sample(kRecords);
  const UniqueFd fd = file_of(segment.bytes);
  std::mt19937_64 random(4);
  for (int flip = 0; flip < 10'000; ++flip) {
    const std::uint64_t at = random() % segment.bytes.size();
    const char damaged = static_cast<char>(segment.bytes[at] ^ (1 << (random() % 8)));
    ASSERT_EQ(::pwrite(fd.get(), &damaged, 1, static_cast<off_t>(at)), 1);
    std::size_t hit = 0;
    while (segment.starts[hit + 1] <= at) ++hit;
    std::vector<std::uint64_t> expected = sequences(0, kRecords);
    expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(hit));
    SegmentReader reader(fd.get(), kSampleId);
    ASSERT_EQ(read_all(reader, all_of(segment.bytes)), expected) << "byte " << at;
    ASSERT_EQ(::pwrite(fd.get(), &segment.bytes[at], 1, static_cast<off_t>(at)), 1);
  }
}

}  // namespace
}  // namespace sonde
