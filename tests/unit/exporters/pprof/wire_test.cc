// SPDX-License-Identifier: Apache-2.0
#include "exporters/pprof/wire.h"

#include <gtest/gtest.h>

using namespace std::string_view_literals;

namespace sonde {
namespace {

TEST(WireTest, ReadsEveryWireTypeWithItsOffset) {
  // field 1 varint 150; field 2 bytes "ab"; field 3 fixed64 1; field 4 fixed32 2
  const auto bytes =
      "\x08\x96\x01\x12\x02"
      "ab\x19\x01\0\0\0\0\0\0\0\x25\x02\0\0\0"sv;
  WireReader reader(bytes, 100);
  WireField field;
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.number, 1U);
  EXPECT_EQ(field.value, 150U);
  EXPECT_EQ(field.offset, 100U);
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.payload, "ab");
  EXPECT_EQ(field.payload_offset, 105U);
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.value, 1U);
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.value, 2U);
  EXPECT_FALSE(reader.next(field));
  EXPECT_FALSE(reader.failed());
}

TEST(WireTest, LengthPastTheEndFailsAtTheField) {
  WireReader reader(
      "\x08\x01\x12\x7f"
      "ab"sv,
      10);
  WireField field;
  ASSERT_TRUE(reader.next(field));
  EXPECT_FALSE(reader.next(field));
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(reader.offset(), 12U);
  EXPECT_EQ(reader.what(), "field 2 runs past the end");
}

TEST(WireTest, OverlongAndCutNumbersFail) {
  for (const auto bytes :
       {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv, "\x08\xff"sv, "\x08"sv, "\x19\x01"sv}) {
    WireReader reader(bytes);
    WireField field;
    EXPECT_FALSE(reader.next(field));
    EXPECT_TRUE(reader.failed());
  }
}

TEST(WireTest, GroupsAndFieldZeroAreRefused) {
  for (const auto bytes : {"\x0b\x0c"sv, "\x00\x01"sv, "\x0f"sv}) {
    WireReader reader(bytes);
    WireField field;
    EXPECT_FALSE(reader.next(field));
    EXPECT_TRUE(reader.failed());
  }
}

TEST(WireTest, PackedNumbersAreReadToTheEnd) {
  WireReader reader("\x01\x96\x01\x05"sv);
  std::uint64_t value = 0;
  ASSERT_TRUE(reader.next_varint(value));
  EXPECT_EQ(value, 1U);
  ASSERT_TRUE(reader.next_varint(value));
  EXPECT_EQ(value, 150U);
  ASSERT_TRUE(reader.next_varint(value));
  EXPECT_EQ(value, 5U);
  EXPECT_FALSE(reader.next_varint(value));
  EXPECT_FALSE(reader.failed());
}

}  // namespace
}  // namespace sonde
