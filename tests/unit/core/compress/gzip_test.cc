// SPDX-License-Identifier: Apache-2.0
#include "core/compress/gzip.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/compress/sample_text.h"

namespace sonde {
namespace {

std::string gzip_of(std::string_view bytes) {
  auto packed = gzip_compress(bytes);
  EXPECT_TRUE(packed);
  return *packed;
}

TEST(GzipTest, WhatIsCompressedComesBack) {
  for (const std::size_t size : {0U, 1U, 16384U, 16385U, 3'000'000U}) {
    const std::string text = sample_text(size);
    const std::string packed = gzip_of(text);
    EXPECT_TRUE(looks_like_gzip(packed));
    auto back = gzip_decompress(packed, size);
    ASSERT_TRUE(back) << size << ": " << back.error().message;
    EXPECT_EQ(*back, text);
  }
}

TEST(GzipTest, EqualInputGivesEqualOutput) {
  EXPECT_EQ(gzip_of(sample_text(1000)), gzip_of(sample_text(1000)));
  EXPECT_EQ(gzip_of("x").substr(4, 4), std::string(4, '\0')) << "no time stamp";
}

TEST(GzipTest, ABombStopsAtTheLimit) {
  const std::string bomb = gzip_of(std::string(std::size_t{64} << 20U, '\0'));
  ASSERT_LT(bomb.size(), 100'000U);
  auto blown = gzip_decompress(bomb, 1 << 20);
  ASSERT_FALSE(blown);
  EXPECT_EQ(blown.error().code, ErrorCode::kOutOfRange);
}

TEST(GzipTest, TheLimitIsExactToTheByte) {
  const std::string packed = gzip_of(sample_text(20'000));
  EXPECT_TRUE(gzip_decompress(packed, 20'000));
  auto over = gzip_decompress(packed, 19'999);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, ErrorCode::kOutOfRange);
}

TEST(GzipTest, EveryMemberIsRead) {
  auto back = gzip_decompress(gzip_of("first ") + gzip_of("second"), 100);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, "first second");
}

TEST(GzipTest, EveryCutOfAStreamIsDataLoss) {
  const std::string packed = gzip_of(sample_text(500));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    auto cut = gzip_decompress(packed.substr(0, size), 1000);
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error().code, ErrorCode::kDataLoss) << size << ": " << cut.error().message;
  }
}

TEST(GzipTest, AFlippedBitNeverGivesOtherBytes) {
  const std::string text = sample_text(500);
  const std::string packed = gzip_of(text);
  std::size_t found = 0;
  for (std::size_t at = 0; at < packed.size(); ++at) {
    std::string bad = packed;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    auto back = gzip_decompress(bad, 10'000);
    if (back) {
      EXPECT_EQ(*back, text) << at;
    } else {
      ++found;
    }
  }
  EXPECT_GT(found, packed.size() * 9 / 10);
}

TEST(GzipTest, GarbageIsNamedWithItsByteOffset) {
  const std::string packed = gzip_of("good");
  auto bad = gzip_decompress(packed + "garbage", 100);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(bad.error().message.find("byte " + std::to_string(packed.size())), std::string::npos)
      << bad.error().message;
  EXPECT_FALSE(looks_like_gzip("garbage"));
}

TEST(GzipTest, ALevelOutOfRangeIsRefused) {
  EXPECT_FALSE(gzip_compress("x", 0));
  EXPECT_FALSE(gzip_compress("x", 10));
}

// zlib framing of "hello hello hello hello\n", from python3 zlib.compress(..., 9).
constexpr char kZlib[] = "\x78\xda\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x27\xb9\x00\x70\xbe\x08\xbb";

TEST(ZlibTest, ReadsAStreamThatAnotherToolWrote) {
  auto back = zlib_decompress(std::string_view(kZlib, sizeof(kZlib) - 1), 100);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, "hello hello hello hello\n");
}

TEST(ZlibTest, BytesBehindTheStreamAreAnError) {
  EXPECT_FALSE(zlib_decompress(std::string_view(kZlib, sizeof(kZlib)), 100));
}

}  // namespace
}  // namespace sonde
