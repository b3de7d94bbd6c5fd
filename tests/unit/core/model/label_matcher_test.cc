// SPDX-License-Identifier: Apache-2.0
#include "core/model/label_matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Matchers = std::vector<LabelMatcher>;

Matchers parse(std::string_view text) {
  auto parsed = parse_label_matchers(text);
  if (!parsed) {
    ADD_FAILURE() << text << ": " << parsed.error().message;
    return {};
  }
  return *std::move(parsed);
}

std::string error(std::string_view text) {
  const auto parsed = parse_label_matchers(text);
  return parsed ? "no error" : parsed.error().message;
}

TEST(LabelMatcherTest, EveryOperator) {
  EXPECT_THAT(parse(R"({a="1",b!="2",c=~"3.*",d!~"4|5"})"),
              ElementsAre(LabelMatcher{"a", MatchOperator::kEqual, "1"},
                          LabelMatcher{"b", MatchOperator::kNotEqual, "2"},
                          LabelMatcher{"c", MatchOperator::kRegex, "3.*"},
                          LabelMatcher{"d", MatchOperator::kNotRegex, "4|5"}));
  EXPECT_EQ(text_of(MatchOperator::kEqual), "=");
  EXPECT_EQ(text_of(MatchOperator::kNotEqual), "!=");
  EXPECT_EQ(text_of(MatchOperator::kRegex), "=~");
  EXPECT_EQ(text_of(MatchOperator::kNotRegex), "!~");
}

TEST(LabelMatcherTest, BlanksTheLastCommaAndNothingAtAll) {
  const Matchers one = {{"k8s.pod_name", MatchOperator::kEqual, " x "}};
  EXPECT_EQ(parse("  { k8s.pod_name\t= \" x \" , }  "), one);
  EXPECT_THAT(parse("{}"), IsEmpty());
  EXPECT_THAT(parse("{ }"), IsEmpty());
  EXPECT_EQ(parse("{_=\"\"}").at(0).value, "");
}

TEST(LabelMatcherTest, EscapesAndBraceInValues) {
  EXPECT_EQ(parse(R"({a="\"\\\n},"})").at(0).value, "\"\\\n},");
  EXPECT_EQ(parse(R"({a=~"\\d+"})").at(0).value, "\\d+");
  EXPECT_EQ(parse("{a=\"gr\xc3\xbcn\"}").at(0).value, "gr\xc3\xbcn");
}

TEST(LabelMatcherTest, AMistakeSaysWhere) {
  EXPECT_EQ(error(""), "expected { at byte 1");
  EXPECT_EQ(error("a=\"1\""), "expected { at byte 1");
  EXPECT_EQ(error("{"), "expected a label's name at byte 2");
  EXPECT_EQ(error("{a"), "expected =, !=, =~ or !~ at byte 3");
  EXPECT_EQ(error("{a=1}"), "expected a value in double quotes at byte 4");
  EXPECT_EQ(error("{a=\"1}"), "the value has no closing quote at byte 7");
  EXPECT_EQ(error("{a=\"1\""), "expected , or } at byte 7");
  EXPECT_EQ(error("{a=\"1\" b=\"2\"}"), "expected , or } at byte 8");
  EXPECT_EQ(error("{a=\"1\",,}"), "expected a label's name at byte 8");
  EXPECT_EQ(error("{,}"), "expected a label's name at byte 2");
  EXPECT_EQ(error("{1a=\"1\"}"), "expected a label's name at byte 2");
  EXPECT_EQ(error("{a=\"1\"} x"), "something behind } at byte 9");
  EXPECT_EQ(error("{a==\"1\"}"), "expected a value in double quotes at byte 4");
  EXPECT_EQ(error("{a!\"1\"}"), "expected =, !=, =~ or !~ at byte 3");
  EXPECT_THAT(error("{a=\"\\t\"}"), HasSubstr("expected \\\\, \\\" or \\n at byte 6"));
  EXPECT_THAT(error("{a=\"\\"), HasSubstr("expected"));
  EXPECT_THAT(error("{a=\"\xff\"}"), HasSubstr("not UTF-8"));
}

TEST(LabelMatcherTest, ConditionsAreBounded) {
  std::string all = "{";
  for (std::size_t i = 0; i < kMaxLabelMatchers; ++i) all += "a=\"1\",";
  EXPECT_EQ(parse(all + "}").size(), kMaxLabelMatchers);
  const auto more = parse_label_matchers(all + "a=\"1\"}");
  ASSERT_FALSE(more.ok());
  EXPECT_EQ(more.error().code, ErrorCode::kOutOfRange);
  EXPECT_EQ(parse("{a=\"" + std::string(4096, 'x') + "\"}").size(), 1U);
  EXPECT_THAT(error("{a=\"" + std::string(4097, 'x') + "\"}"), HasSubstr("more than 4096"));
  EXPECT_THAT(error("{" + std::string(4097, 'x') + "=\"\"}"), HasSubstr("more than 4096"));
}

TEST(LabelMatcherTest, AFilterTakesItsValueAsItIs) {
  const auto filter = [](std::string_view text) {
    auto parsed = parse_label_filter(text);
    return parsed ? *parsed : LabelMatcher{parsed.error().message, {}, {}};
  };
  EXPECT_EQ(filter("container=checkout"),
            (LabelMatcher{"container", MatchOperator::kEqual, "checkout"}));
  EXPECT_EQ(filter("a=~b=\"c\" "), (LabelMatcher{"a", MatchOperator::kRegex, "b=\"c\" "}));
  EXPECT_EQ(filter("a!~x"), (LabelMatcher{"a", MatchOperator::kNotRegex, "x"}));
  EXPECT_EQ(filter("a!="), (LabelMatcher{"a", MatchOperator::kNotEqual, ""}));
  EXPECT_THAT(filter("a").name, HasSubstr("expected =, !=, =~ or !~"));
  EXPECT_THAT(filter("=x").name, HasSubstr("expected a label's name"));
  EXPECT_THAT(filter("a=\xff").name, HasSubstr("not UTF-8"));
  EXPECT_THAT(filter("a=" + std::string(5000, 'x')).name, HasSubstr("more than 4096"));
}

}  // namespace
}  // namespace sonde
