// SPDX-License-Identifier: Apache-2.0
#include "agent/web/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

QueryParameters parse(std::string_view query) {
  auto parsed = parse_query(query);
  if (!parsed) {
    ADD_FAILURE() << parsed.error().message;
    return {};
  }
  return *std::move(parsed);
}

std::string error(std::string_view query) {
  const auto parsed = parse_query(query);
  return parsed ? "no error" : parsed.error().message;
}

TEST(QueryTest, NamesAndValuesInTheirOrder) {
  EXPECT_THAT(parse("from=-5m&to=now&f=a&f=b&live"),
              ElementsAre(Pair("from", "-5m"), Pair("to", "now"), Pair("f", "a"), Pair("f", "b"),
                          Pair("live", "")));
  EXPECT_THAT(parse(""), IsEmpty());
  EXPECT_THAT(parse("&&a=&&"), ElementsAre(Pair("a", "")));
  EXPECT_THAT(parse("a=b=c"), ElementsAre(Pair("a", "b=c")));
  EXPECT_THAT(parse("=x"), ElementsAre(Pair("", "x")));
}

TEST(QueryTest, PercentSignsAreDecodedOnceAndPlusIsASpace) {
  EXPECT_THAT(parse("m%61tch=%7Ba%3D%22b%26c%22%7D"), ElementsAre(Pair("match", "{a=\"b&c\"}")));
  EXPECT_THAT(parse("a=1+2%2B3"), ElementsAre(Pair("a", "1 2+3")));
  EXPECT_THAT(parse("a=%2541"), ElementsAre(Pair("a", "%41")));
  EXPECT_THAT(parse("a=%c3%BC"), ElementsAre(Pair("a", "\xc3\xbc")));
  EXPECT_EQ(*percent_decode("a+b", PlusSign::kPlus), "a+b");
}

TEST(QueryTest, WhatIsNotUnderstoodIsAnError) {
  for (const char* query : {"a=%", "a=%4", "a=%zz", "a=%4g", "%=1", "a=%%41"}) {
    EXPECT_THAT(error(query), HasSubstr("% needs two hexadecimal digits")) << query;
  }
  EXPECT_THAT(error("a=%ff"), HasSubstr("a: not UTF-8"));
  EXPECT_THAT(error("a=%ed%a0%80"), HasSubstr("not UTF-8"));
  EXPECT_THAT(error("a=x%00"), HasSubstr("a zero byte"));
}

TEST(QueryTest, ParametersAreBounded) {
  std::string query;
  for (std::size_t i = 0; i < kMaxParameters; ++i) query += "a&";
  EXPECT_EQ(parse(query).size(), kMaxParameters);
  EXPECT_THAT(error(query + "a"), HasSubstr("more than 64 parameters"));
}

}  // namespace
}  // namespace sonde
