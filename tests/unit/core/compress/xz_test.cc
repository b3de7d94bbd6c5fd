// SPDX-License-Identifier: Apache-2.0
#include "core/compress/xz.h"

#include <gtest/gtest.h>
#include <lzma.h>

#include <string>

#include "tests/unit/core/compress/sample_text.h"

namespace sonde {
namespace {

// The encoder that sonde does not need outside its tests.
std::string xz_of(std::string_view bytes, std::uint32_t preset = 6) {
  std::string out(lzma_stream_buffer_bound(bytes.size()), '\0');
  std::size_t used = 0;
  EXPECT_EQ(
      lzma_easy_buffer_encode(preset, LZMA_CHECK_CRC64, nullptr,
                              reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                              reinterpret_cast<std::uint8_t*>(out.data()), &used, out.size()),
      LZMA_OK);
  out.resize(used);
  return out;
}

TEST(XzTest, WhatIsCompressedComesBack) {
  for (const std::size_t size : {0U, 1U, 16384U, 1'000'000U}) {
    const std::string text = sample_text(size);
    auto back = xz_decompress(xz_of(text), size);
    ASSERT_TRUE(back) << size << ": " << back.error().message;
    EXPECT_EQ(*back, text);
  }
}

TEST(XzTest, TheLargestPresetIsWithinTheMemoryLimit) {
  EXPECT_TRUE(xz_decompress(xz_of("x", 9), 1));
}

TEST(XzTest, ABombStopsAtTheLimit) {
  const std::string bomb = xz_of(std::string(std::size_t{64} << 20U, '\0'), 0);
  ASSERT_LT(bomb.size(), 100'000U);
  auto blown = xz_decompress(bomb, 1 << 20);
  ASSERT_FALSE(blown);
  EXPECT_EQ(blown.error().code, ErrorCode::kOutOfRange);
}

TEST(XzTest, TheLimitIsExactToTheByte) {
  const std::string packed = xz_of(sample_text(20'000));
  EXPECT_TRUE(xz_decompress(packed, 20'000));
  auto over = xz_decompress(packed, 19'999);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, ErrorCode::kOutOfRange);
}

TEST(XzTest, ADictionaryOverTheMemoryLimitIsRefused) {
  lzma_options_lzma options{};
  ASSERT_FALSE(lzma_lzma_preset(&options, 0));
  options.dict_size = 256U << 20U;
  options.mode = LZMA_MODE_FAST;
  options.mf = LZMA_MF_HC3;
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  std::string out(1000, '\0');
  std::size_t used = 0;
  ASSERT_EQ(
      lzma_stream_buffer_encode(const_cast<lzma_filter*>(filters), LZMA_CHECK_CRC32, nullptr,
                                reinterpret_cast<const std::uint8_t*>("x"), 1,
                                reinterpret_cast<std::uint8_t*>(out.data()), &used, out.size()),
      LZMA_OK);
  auto refused = xz_decompress(out.substr(0, used), 100);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
}

TEST(XzTest, EveryCutOfAFileIsDataLoss) {
  const std::string packed = xz_of(sample_text(500));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    auto cut = xz_decompress(packed.substr(0, size), 1000);
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error().code, ErrorCode::kDataLoss) << size << ": " << cut.error().message;
  }
}

TEST(XzTest, AFlippedBitNeverGivesOtherBytes) {
  const std::string text = sample_text(500);
  const std::string packed = xz_of(text);
  std::size_t found = 0;
  for (std::size_t at = 0; at < packed.size(); ++at) {
    std::string bad = packed;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    auto back = xz_decompress(bad, 10'000);
    if (back) {
      EXPECT_EQ(*back, text) << at;
    } else {
      ++found;
    }
  }
  EXPECT_GT(found, packed.size() * 9 / 10);
}

TEST(XzTest, WhatIsNotXzIsAnError) {
  auto bad = xz_decompress("garbage garbage garbage", 100);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace sonde
