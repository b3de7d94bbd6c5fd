// SPDX-License-Identifier: Apache-2.0
#include "agent/web/profile_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/base/file.h"

namespace sonde {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kNow = 1'749'823'320'000'000'000;

ProfileQuery parse(std::string_view query) {
  auto parsed = parse_profile_query(query, kNow);
  if (!parsed) {
    ADD_FAILURE() << query << ": " << parsed.error().message;
    return {};
  }
  return *std::move(parsed);
}

std::string error(std::string_view query) {
  const auto parsed = parse_profile_query(query, kNow);
  return parsed ? "no error" : parsed.error().message;
}

MATCHER_P3(Condition, name, op, value, "") {
  return arg.name() == name && arg.op() == op && arg.value() == value;
}

TEST(ProfileQueryTest, WithoutParametersEverythingOfTheLastFiveMinutes) {
  const ProfileQuery query = parse("");
  EXPECT_EQ(query.type, "cpu");
  EXPECT_EQ(query.range.to_ns, kNow);
  EXPECT_EQ(query.range.from_ns, kNow - 300'000'000'000);
  EXPECT_TRUE(query.range.to_now);
  EXPECT_THAT(query.match, IsEmpty());
  EXPECT_EQ(query.format, ProfileFormat::kJson);
}

TEST(ProfileQueryTest, EveryParameter) {
  const ProfileQuery query =
      parse("format=pprof&match=%7Bpod%3D~%22web-.%2A%22%7D&to=-1m&from=-10m&type=cpu");
  EXPECT_EQ(query.format, ProfileFormat::kPprof);
  EXPECT_THAT(query.match, ElementsAre(Condition("pod", MatchOperator::kMatch, "web-.*")));
  EXPECT_EQ(query.range.to_ns, kNow - 60'000'000'000);
  EXPECT_FALSE(query.range.to_now);
}

TEST(ProfileQueryTest, FiltersHoldBesideTheMatch) {
  // As the page's downloads ask.
  const ProfileQuery query = parse(
      "type=cpu&from=1749822720000&to=1749823320000&f=process%3Dnode&f=pod%21%7Ea.*&format=svg");
  EXPECT_THAT(query.match, ElementsAre(Condition("process", MatchOperator::kEqual, "node"),
                                       Condition("pod", MatchOperator::kNoMatch, "a.*")));
  EXPECT_THAT(parse("f=pod%3Da&match=%7Bimage%21%3D%22x%22%7D").match,
              ElementsAre(Condition("image", MatchOperator::kNotEqual, "x"),
                          Condition("pod", MatchOperator::kEqual, "a")));
  std::string filters;
  for (int i = 0; i < 31; ++i) filters += "f=a%3Db&";
  EXPECT_EQ(parse(filters + "match=a%3D%22b%22").match.size(), 32U);
  EXPECT_EQ(error(filters + "match=a%3D%22b%22,c%3D%22d%22"), "f: more than 32 conditions");
}

TEST(ProfileQueryTest, EveryFormat) {
  EXPECT_EQ(parse("format=json").format, ProfileFormat::kJson);
  EXPECT_EQ(parse("format=folded").format, ProfileFormat::kFolded);
  EXPECT_EQ(parse("format=svg").format, ProfileFormat::kSvg);
  EXPECT_EQ(parse("format=html").format, ProfileFormat::kHtml);
  EXPECT_EQ(parse("format=speedscope").format, ProfileFormat::kSpeedscope);
}

TEST(ProfileQueryTest, MistakesNameTheirParameter) {
  EXPECT_EQ(error("fromm=-5m"), "unknown parameter fromm; the nearest is from");
  EXPECT_THAT(error("query=x"), HasSubstr("known are type, from, to, match, format, f"));
  EXPECT_EQ(error("type=cpu&type=cpu"), "type stands twice");
  EXPECT_EQ(error("type=off_cpu"), "type: not one of cpu");
  EXPECT_EQ(error("type="), "type: not one of cpu");
  EXPECT_EQ(error("format=pdf"), "format: not one of json, folded, pprof, svg, html, speedscope");
  EXPECT_THAT(error("from=x"), HasSubstr("from: x is no time"));
  EXPECT_THAT(error("from=now&to=-5m"), HasSubstr("from is not before to"));
  EXPECT_EQ(error("match=pod"), "match: selector: = != =~ or !~ expected at byte 3");
  EXPECT_EQ(error("f=pod"), "f: selector: = != =~ or !~ expected at byte 3");
  EXPECT_THAT(error("match=%zz"), HasSubstr("match: % needs two hexadecimal digits"));
}

FlameQuery flame(std::string_view query) {
  auto parsed = parse_flame_query(query, kNow);
  if (!parsed) {
    ADD_FAILURE() << query << ": " << parsed.error().message;
    return {};
  }
  return *std::move(parsed);
}

std::string flame_error(std::string_view query) {
  const auto parsed = parse_flame_query(query, kNow);
  return parsed ? "no error" : parsed.error().message;
}

TEST(FlameQueryTest, WithoutParametersEverythingByProcess) {
  const FlameQuery query = flame("");
  EXPECT_EQ(query.range.from_ns, kNow - 300'000'000'000);
  EXPECT_FALSE(query.before);
  EXPECT_THAT(query.match, IsEmpty());
  EXPECT_THAT(query.group, ElementsAre("process"));
  EXPECT_THAT(query.root, IsEmpty());
  EXPECT_EQ(query.max_nodes, 120'000U);
  EXPECT_FALSE(query.live);
}

TEST(FlameQueryTest, EveryParameter) {
  const FlameQuery query = flame(
      "from=-15m&to=-5m&type=cpu&f=container%3Dcheckout&f=pod!~a.*&g=service,k8s.pod&"
      "max=1000000&afrom=-30m&ato=-15m&live=1");
  EXPECT_EQ(query.range.to_ns, kNow - 300'000'000'000);
  ASSERT_TRUE(query.before);
  EXPECT_EQ(query.before->from_ns, kNow - 1800'000'000'000);
  EXPECT_THAT(query.match, ElementsAre(Condition("container", MatchOperator::kEqual, "checkout"),
                                       Condition("pod", MatchOperator::kNoMatch, "a.*")));
  EXPECT_THAT(query.group, ElementsAre("service", "k8s.pod"));
  EXPECT_EQ(query.max_nodes, 1'000'000U);
  EXPECT_TRUE(query.live);
  EXPECT_THAT(flame("g=none").group, IsEmpty());
}

TEST(FlameQueryTest, APathMayHoldEveryCharacterInItsNames) {
  // encodeURIComponent over each name, then over the whole as a value.
  const FlameQuery query = flame("root=main/operator%252F%40libc.so.6/a%2540b%252Bc%40%2Fx");
  EXPECT_THAT(query.root,
              ElementsAre(FrameName{"main", std::nullopt}, FrameName{"operator/", "libc.so.6"},
                          FrameName{"a@b+c", ""}, FrameName{"x", std::nullopt}));
}

TEST(FlameQueryTest, MistakesNameTheirParameter) {
  EXPECT_EQ(flame_error("groot=x"), "unknown parameter groot; the nearest is root");
  EXPECT_EQ(flame_error("g=a&g=b"), "g stands twice");
  EXPECT_EQ(flame_error("afrom=-5m"), "afrom and ato stand together");
  EXPECT_EQ(flame_error("ato=-5m"), "afrom and ato stand together");
  EXPECT_THAT(flame_error("afrom=-1m&ato=-2m"), HasSubstr("the range before: from is not before"));
  EXPECT_THAT(flame_error("f=container"),
              HasSubstr("f: selector: = != =~ or !~ expected at byte 9"));
  for (const char* group : {"g=", "g=A", "g=a,", "g=,a", "g=a b", "g=1a", "g=,"}) {
    EXPECT_THAT(flame_error(group), HasSubstr("g: must be a label")) << group;
  }
  EXPECT_EQ(flame_error("g=a,b,c"), "g: more than two labels");
  EXPECT_THAT(flame_error("root=a//b"), HasSubstr("root: a frame without a name"));
  EXPECT_THAT(flame_error("root=%40libc"), HasSubstr("root: a frame without a name"));
  EXPECT_THAT(flame_error("root=a%25zz"), HasSubstr("root: % needs two hexadecimal digits"));
  for (const char* max : {"max=0", "max=1000001", "max=-1", "max=1e3", "max="}) {
    EXPECT_THAT(flame_error(max), HasSubstr("max: must be a number from 1 to 1000000")) << max;
  }
  EXPECT_EQ(flame_error("live=yes"), "live: not one of 0, 1");
  std::string filters;
  for (int i = 0; i < 33; ++i) filters += "f=a%3Db&";
  EXPECT_EQ(flame_error(filters), "f: more than 32 conditions");
  std::string path = "root=";
  for (int i = 0; i < 513; ++i) path += "a/";
  EXPECT_EQ(flame_error(path), "root: more than 512 frames");
}

TEST(FlameQueryTest, TheDocumentSaysHowManyConditionsThereMayBe) {
  const auto text = read_file("docs/api.md", 1'000'000);
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(*text, HasSubstr("at most " + std::to_string(kMaxLabelMatchers) + " matchers, "));
}

}  // namespace
}  // namespace sonde
