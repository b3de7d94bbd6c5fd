// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/json_fields.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(JsonFieldsTest, WhatIsThereIsRead) {
  const Json value = *parse_json(R"({"t":"x","n":3,"r":1.5,"b":true,"o":{"k":1},"l":[4,5.9]})");
  EXPECT_EQ(text_in(value, "t"), "x");
  EXPECT_EQ(count_in(value, "n"), 3U);
  EXPECT_EQ(count_in(value, "r"), 1U);
  EXPECT_EQ(number_in(value, "r"), 1.5);
  EXPECT_TRUE(flag_in(value, "b"));
  EXPECT_EQ(count_in(object_in(value, "o"), "k"), 1U);
  EXPECT_EQ(count_at(list_in(value, "l"), 0), 4U);
  EXPECT_EQ(count_at(list_in(value, "l"), 1), 5U);
}

TEST(JsonFieldsTest, WhatIsMissingOrOfAnotherTypeIsNothing) {
  for (const char* text : {"{}", "[]", "7", "null", R"({"x":null})", R"({"x":[{}]})",
                           R"({"x":{"x":-1}})", R"({"x":"7"})", R"({"x":-7})", R"({"x":1e300})"}) {
    const Json value = *parse_json(text);
    EXPECT_EQ(count_in(value, "x"), 0U) << text;
    EXPECT_FALSE(flag_in(value, "x")) << text;
    EXPECT_EQ(count_in(object_in(value, "x"), "x"), 0U) << text;
    EXPECT_EQ(count_at(list_in(value, "x"), 0), 0U) << text;
    EXPECT_EQ(count_at(list_in(value, "x"), 9), 0U) << text;
    EXPECT_EQ(count_at(value, 0), 0U) << text;
  }
  EXPECT_EQ(number_in(*parse_json(R"({"x":"1"})"), "x"), 0);
  EXPECT_EQ(text_in(*parse_json(R"({"x":7})"), "x"), "");
}

}  // namespace
}  // namespace sonde
