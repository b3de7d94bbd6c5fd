// SPDX-License-Identifier: Apache-2.0
#include "core/compress/zstd.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/compress/sample_text.h"

namespace sonde {
namespace {

std::string zstd_of(std::string_view bytes) {
  auto packed = zstd_compress(bytes);
  EXPECT_TRUE(packed);
  return *packed;
}

TEST(ZstdTest, WhatIsCompressedComesBack) {
  for (const std::size_t size : {0U, 1U, 16384U, 131072U, 3'000'000U}) {
    const std::string text = sample_text(size);
    auto back = zstd_decompress(zstd_of(text), size);
    ASSERT_TRUE(back) << size << ": " << back.error().message;
    EXPECT_EQ(*back, text);
  }
}

TEST(ZstdTest, ABombStopsAtTheLimit) {
  const std::string bomb = zstd_of(std::string(std::size_t{64} << 20U, '\0'));
  ASSERT_LT(bomb.size(), 100'000U);
  auto blown = zstd_decompress(bomb, 1 << 20);
  ASSERT_FALSE(blown);
  EXPECT_EQ(blown.error().code, ErrorCode::kOutOfRange);
}

TEST(ZstdTest, TheLimitIsExactToTheByte) {
  const std::string packed = zstd_of(sample_text(20'000));
  EXPECT_TRUE(zstd_decompress(packed, 20'000));
  auto over = zstd_decompress(packed, 19'999);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, ErrorCode::kOutOfRange);
}

TEST(ZstdTest, EveryFrameIsRead) {
  auto back = zstd_decompress(zstd_of("first ") + zstd_of("second"), 100);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, "first second");
}

TEST(ZstdTest, EveryCutOfAFrameIsDataLoss) {
  const std::string packed = zstd_of(sample_text(500));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    auto cut = zstd_decompress(packed.substr(0, size), 1000);
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error().code, ErrorCode::kDataLoss) << size << ": " << cut.error().message;
  }
}

TEST(ZstdTest, AFlippedBitNeverGivesOtherBytes) {
  const std::string text = sample_text(500);
  const std::string packed = zstd_of(text);
  std::size_t found = 0;
  for (std::size_t at = 0; at < packed.size(); ++at) {
    std::string bad = packed;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    auto back = zstd_decompress(bad, 10'000);
    if (back) {
      EXPECT_EQ(*back, text) << at;
    } else {
      ++found;
    }
  }
  EXPECT_GT(found, packed.size() * 9 / 10);
}

TEST(ZstdTest, WhatIsNotZstdIsAnError) {
  auto bad = zstd_decompress("garbage garbage", 100);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kInvalidArgument);
}

TEST(ZstdTest, ALevelOutOfRangeIsRefused) {
  EXPECT_FALSE(zstd_compress("x", 0));
  EXPECT_FALSE(zstd_compress("x", 20));
}

}  // namespace
}  // namespace sonde
