// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/escape.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "core/base/utf8.h"
#include "tests/support/sample_profile.h"

namespace sonde {
namespace {

TEST(EscapeTest, ControlsAndBidiAreVisible) {
  EXPECT_EQ(printable("\x1b[31mred"), "\\x1b[31mred");
  EXPECT_EQ(printable(std::string("a\0b\n\t\r\x7f", 7)), "a\\x00b\\x0a\\x09\\x0d\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"), "\\x9b");
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "evil"),
            "\\u202eevil");
  EXPECT_EQ(printable("\xd8\x9c\xe2\x81\xa6\xe2\x80\x8b\xef\xbb\xbf"),
            "\\u061c\\u2066\\u200b\\ufeff");
  EXPECT_EQ(printable("\xe2\x80\xa8\xe2\x80\xa9"), "\\u2028\\u2029");
  EXPECT_EQ(printable("\xf0\x9f\xbf\xbe"), "\\u{1fffe}");
  EXPECT_EQ(printable("\xf3\xa0\x81\x81"), "\\u{e0041}");
}

TEST(EscapeTest, BrokenUtf8AndSurrogatesAreVisible) {
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\ud800");
  EXPECT_EQ(printable("\xed\xbf\xbf"), "\\udfff");
  EXPECT_EQ(printable("\xff\xc0\xaf"), "\\xff\\xc0\\xaf");
}

TEST(EscapeTest, OrdinaryTextStays) {
  for (const char* text :
       {"plain", "std::vector<int>", "\xc3\xa9t\xc3\xa9 \xd7\xa9 \xe2\x80\xa6", "back\\slash"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(EscapeTest, EveryHostileNameIsOneValidLineAndStable) {
  for (const std::string& name : hostile_names()) {
    const std::string shown = printable(name);
    EXPECT_TRUE(is_valid_utf8(shown));
    EXPECT_EQ(printable(shown), shown);
    for (std::size_t at = 0; at < shown.size();) {
      const Utf8Char c = utf8_char_at(shown, at);
      EXPECT_FALSE(is_hidden_code_point(c.code_point)) << shown;
      at += c.bytes;
    }
  }
}

TEST(EscapeTest, XmlTextHasNoMarkup) {
  EXPECT_EQ(xml_text("<a href=\"x\" t='y'>&\x1b"),
            "&lt;a href=&quot;x&quot; t=&#39;y&#39;&gt;&amp;\\x1b");
  for (const std::string& name : hostile_names()) {
    EXPECT_EQ(xml_text(name).find_first_of("<>\"'"), std::string::npos);
  }
}

TEST(EscapeTest, JsonStringsComeBackAndCarryNoMarkup) {
  for (const std::string& name : hostile_names()) {
    std::string text;
    append_json_string(text, name);
    EXPECT_EQ(text.find_first_of("<>&"), std::string::npos);
    EXPECT_EQ(text.find("\xe2\x80\xa8"), std::string::npos);
    const auto parsed = parse_json(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(parsed->get<std::string>(), to_valid_utf8(name));
  }
}

TEST(EscapeTest, CutTextEndsAtACharacter) {
  EXPECT_EQ(cut_text("short", 10), "short");
  EXPECT_EQ(cut_text("0123456789", 8), "01234\xe2\x80\xa6");
  EXPECT_EQ(cut_text("012\xc3\xa9"
                     "56789",
                     7),
            "012\xe2\x80\xa6");
  EXPECT_LE(cut_text(std::string(5000, 'x'), 4096).size(), 4096U);
}

}  // namespace
}  // namespace sonde
