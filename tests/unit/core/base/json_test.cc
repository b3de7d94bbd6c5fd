// SPDX-License-Identifier: Apache-2.0
#include "core/base/json.h"

#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

TEST(JsonTest, KeysKeepTheOrderOfInsertion) {
  Json value;
  value["zebra"] = 1;
  value["ant"] = Json::array({true, nullptr});
  EXPECT_EQ(json_text(value), R"({"zebra":1,"ant":[true,null]})");
}

TEST(JsonTest, WhatIsNotJsonIsAnErrorWithItsByteOffset) {
  auto bad = parse_json(R"({"a": 1, ?})");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(bad.error().message.find("byte 10"), std::string::npos) << bad.error().message;
}

TEST(JsonTest, TextBehindTheDocumentIsAnError) { EXPECT_FALSE(parse_json("{} x")); }

TEST(JsonTest, BytesThatAreNotUtf8AreReplacedAndDoNotThrow) {
  Json value;
  value["name"] =
      "a\xff"
      "b";
  EXPECT_EQ(json_text(value),
            "{\"name\":\"a\xef\xbf\xbd"
            "b\"}");
}

TEST(JsonTest, DeepNestingIsParsedWithoutOverflowingTheStack) {
  const std::size_t depth = 1'000'000;
  auto deep = parse_json(std::string(depth, '[') + std::string(depth, ']'));
  EXPECT_TRUE(deep);
}

}  // namespace
}  // namespace sonde
