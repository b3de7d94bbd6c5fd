// SPDX-License-Identifier: Apache-2.0
#include "core/base/utf8.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(Utf8Test, WellFormedCharactersOfEveryLength) {
  for (const std::uint32_t code_point :
       {0U, 0x7fU, 0x80U, 0x7ffU, 0x800U, 0xd7ffU, 0xe000U, 0xffffU, 0x10000U, 0x10ffffU}) {
    std::string text;
    append_utf8(text, code_point);
    const Utf8Char c = utf8_char_at(text, 0);
    EXPECT_TRUE(c.valid) << code_point;
    EXPECT_EQ(c.code_point, code_point);
    EXPECT_EQ(c.bytes, text.size());
  }
}

TEST(Utf8Test, OverlongSurrogateAndCutFormsAreInvalid) {
  for (const char* text :
       {"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
        "\xf8\x88\x80\x80\x80", "\x80", "\xe2\x82", "\xff"}) {
    EXPECT_FALSE(utf8_char_at(text, 0).valid) << text;
    EXPECT_EQ(utf8_char_at(text, 0).bytes, 1);
    EXPECT_FALSE(is_valid_utf8(text));
    EXPECT_TRUE(is_valid_utf8(to_valid_utf8(text)));
  }
}

TEST(Utf8Test, BrokenBytesBecomeVisibleAndTheRestStays) {
  EXPECT_EQ(to_valid_utf8("a\xff\xc3\xa9z"), "a\\xff\xc3\xa9z");
  EXPECT_EQ(to_valid_utf8("plain"), "plain");
}

}  // namespace
}  // namespace sonde
