// SPDX-License-Identifier: Apache-2.0
#include "core/base/byte_codec.h"

#include <gtest/gtest.h>

#include <limits>

namespace sonde {
namespace {

TEST(ByteCodecTest, WhatIsWrittenIsRead) {
  ByteWriter writer;
  for (unsigned bit = 0; bit < 64; ++bit) writer.number(std::uint64_t{1} << bit);
  writer.number(std::numeric_limits<std::uint64_t>::max());
  writer.real(-0.1);
  writer.text("");
  writer.text(std::string(1'000, 'x'));
  ByteReader reader(writer.bytes());
  for (unsigned bit = 0; bit < 64; ++bit) EXPECT_EQ(reader.number(), std::uint64_t{1} << bit);
  EXPECT_EQ(reader.number(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(reader.real(), -0.1);
  EXPECT_EQ(reader.text(), "");
  EXPECT_EQ(reader.text(), std::string(1'000, 'x'));
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.empty());
}

TEST(ByteCodecTest, NumbersThatAreCutOrTooLongAreFailures) {
  for (const std::string_view bytes :
       {std::string_view(""), std::string_view("\x80"), std::string_view("\xff\xff\xff"),
        std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
        std::string_view("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01")}) {
    ByteReader reader(bytes);
    EXPECT_EQ(reader.number(), 0U);
    EXPECT_FALSE(reader.ok());
  }
}

TEST(ByteCodecTest, LengthsAndCountsPastTheEndAreFailures) {
  ByteReader text("\x03xy");
  EXPECT_EQ(text.text(), "");
  EXPECT_FALSE(text.ok());
  ByteReader count("\x03xy");
  EXPECT_EQ(count.count(), 0U);
  EXPECT_FALSE(count.ok());
  ByteReader real("1234567");
  EXPECT_EQ(real.real(), 0);
  EXPECT_FALSE(real.ok());
}

TEST(ByteCodecTest, AFailureIsForGood) {
  ByteReader reader("\x05\x01");
  EXPECT_EQ(reader.number_to(4), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.number(), 0U);
  EXPECT_EQ(reader.text(), "");
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace sonde
