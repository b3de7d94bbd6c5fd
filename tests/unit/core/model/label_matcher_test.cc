// SPDX-License-Identifier: Apache-2.0
#include "core/model/label_matcher.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

const Labels kPostgres = {{"process", "postgres"}, {"container", "db"}};

bool matches(std::string_view selector, const Labels& labels) {
  const auto matchers = parse_selector(selector);
  EXPECT_TRUE(matchers.ok()) << selector << ": " << matchers.error().message;
  return matchers && matches_all(*matchers, labels);
}

TEST(LabelMatcherTest, EachOperatorHoldsOrDoesNot) {
  EXPECT_TRUE(matches(R"({process="postgres"})", kPostgres));
  EXPECT_FALSE(matches(R"({process="postgre"})", kPostgres));
  EXPECT_TRUE(matches(R"({process!="redis"})", kPostgres));
  EXPECT_FALSE(matches(R"({process!="postgres"})", kPostgres));
  EXPECT_TRUE(matches(R"({process=~"post.*"})", kPostgres));
  EXPECT_FALSE(matches(R"({process=~"post"})", kPostgres)) << "the whole value";
  EXPECT_TRUE(matches(R"({process!~"post"})", kPostgres));
  EXPECT_FALSE(matches(R"({process!~"post.*"})", kPostgres));
}

TEST(LabelMatcherTest, ALabelThatIsNotThereIsEmpty) {
  EXPECT_TRUE(matches(R"({pod=""})", kPostgres));
  EXPECT_TRUE(matches(R"({pod!="x"})", kPostgres));
  EXPECT_TRUE(matches(R"({pod=~".*"})", kPostgres));
  EXPECT_FALSE(matches(R"({pod=~".+"})", kPostgres));
}

TEST(LabelMatcherTest, AllConditionsMustHold) {
  EXPECT_TRUE(matches(R"({process="postgres", container = "db"})", kPostgres));
  EXPECT_FALSE(matches(R"({process="postgres",container="web"})", kPostgres));
  EXPECT_TRUE(matches("", kPostgres));
  EXPECT_TRUE(matches(" { } ", kPostgres));
  EXPECT_TRUE(matches(R"(process="postgres",container="db")", kPostgres)) << "without braces";
}

TEST(LabelMatcherTest, ValuesKeepWhatIsEscapedInThem) {
  EXPECT_TRUE(matches(R"({process="a\"b\\c\nd,}"})", {{"process", "a\"b\\c\nd,}"}}));
}

TEST(LabelMatcherTest, WhatIsNoSelectorSaysWhere) {
  const std::pair<const char*, const char*> wrong[] = {
      {"{", "a label name expected at byte 1"},
      {"{process}", "= != =~ or !~ expected at byte 8"},
      {"{process=postgres}", "a value in double quotes expected at byte 9"},
      {R"({process="x)", "a value in double quotes"},
      {R"({process="x\q"})", "a value in double quotes"},
      {R"({process="x" container="y"})", "`,` or `}` expected at byte 13"},
      {R"({process="x",})", "a label name expected at byte 13"},
      {R"({process="x"} x)", "the end expected at byte 14"},
      {R"({1="x"})", "no label name"},
      {R"({process=~"a("})", "process: regular expression: missing )"}};
  for (const auto& [selector, message] : wrong) {
    const auto matchers = parse_selector(selector);
    ASSERT_FALSE(matchers.ok()) << selector;
    EXPECT_EQ(matchers.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(matchers.error().message.find(message), std::string::npos)
        << selector << ": " << matchers.error().message;
  }
}

TEST(LabelMatcherTest, LengthsAndNumbersHaveLimits) {
  std::string many;
  for (int i = 0; i < 33; ++i) many += (i == 0 ? "" : ",") + std::string("a=\"x\"");
  EXPECT_FALSE(parse_selector(many).ok());
  EXPECT_FALSE(parse_selector("{" + std::string(129, 'a') + "=\"x\"}").ok());
  EXPECT_FALSE(parse_selector("{a=\"" + std::string(4'097, 'x') + "\"}").ok());
}

TEST(LabelMatcherTest, AFilterIsNameOperatorAndTheRestAsItIs) {
  const auto filter = parse_filter("process!~a=b\"c");
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->name(), "process");
  EXPECT_EQ(filter->op(), MatchOperator::kNoMatch);
  EXPECT_EQ(filter->value(), "a=b\"c");
  EXPECT_EQ(parse_filter("process=")->value(), "");
  EXPECT_FALSE(parse_filter("process").ok());
  EXPECT_FALSE(parse_filter("=x").ok());
  EXPECT_FALSE(parse_filter("process=\xff").ok()) << "not UTF-8";
  EXPECT_FALSE(parse_filter("").ok());
}

}  // namespace
}  // namespace sonde
