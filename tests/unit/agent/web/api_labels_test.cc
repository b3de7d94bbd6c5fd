// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/api_fixture.h"

namespace sonde {
namespace {

using testing::HasSubstr;

class ApiLabelsTest : public ApiTest {};

TEST_F(ApiLabelsTest, LabelsOfTheRangeWithTheNumberOfTheirValues) {
  EXPECT_EQ(json("/labels?" + between(0, 6)), Json::parse(R"({"v":1,"labels":[
    {"name":"cgroup","values":2},{"name":"image","values":2},{"name":"pid","values":3},
    {"name":"pod","values":2},{"name":"process","values":2}]})"));
  EXPECT_EQ(json("/labels?" + between(0, 2))["labels"][2],
            Json::parse(R"({"name":"pid","values":2})"))
      << "cron came later";
  EXPECT_EQ(json("/labels?" + between(0, 6) + "&f=process%3Dcron")["labels"].size(), 3U);
  EXPECT_EQ(json("/labels?from=1000&to=2000")["labels"], Json::array());
}

TEST_F(ApiLabelsTest, ValuesAreTheHeaviestFirst) {
  const Json json = this->json("/label/process/values?" + between(0, 6));
  EXPECT_EQ(json["v"], 1);
  EXPECT_EQ(json["name"], "process");
  EXPECT_EQ(json["values"],
            (Json::array({{{"value", "web"}, {"ns", 48 * kTickNs}, {"samples", 48}},
                          {{"value", "cron"}, {"ns", 4 * kTickNs}, {"samples", 4}}})));
  EXPECT_EQ(json["more"], 0);
}

TEST_F(ApiLabelsTest, ValuesAreSearchedAndLimited) {
  const std::string range = between(0, 6);
  const Json some = json("/label/image/values?" + range + "&q=SBIN");
  ASSERT_EQ(some["values"].size(), 1U);
  EXPECT_EQ(some["values"][0]["value"], "/usr/sbin/cron");
  const Json few = json("/label/pid/values?" + range + "&limit=1");
  EXPECT_EQ(few["values"].size(), 1U);
  EXPECT_EQ(few["values"][0]["value"], "10");
  EXPECT_EQ(few["more"], 2);
  EXPECT_EQ(json("/label/pod/values?" + range)["values"].size(), 2U) << "cron has none";
  EXPECT_EQ(json("/label/nothing/values?" + range)["values"], Json::array());
  EXPECT_EQ(json("/label/pod/values?" + range + "&f=pid%3D11")["values"].size(), 1U);
}

TEST_F(ApiLabelsTest, MistakesAreRefused) {
  EXPECT_THAT(refusal("/label/pod/values?limit=0"), HasSubstr("limit: "));
  EXPECT_THAT(refusal("/labels?q=x"), HasSubstr("unknown parameter q"));
}

}  // namespace
}  // namespace sonde
