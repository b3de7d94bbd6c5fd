// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/api_fixture.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;

class ApiBoostTest : public ApiTest {
 protected:
  HttpResponse post(const std::string& path, const std::string& query, bool with_header = true,
                    bool from_loopback = true) {
    HttpRequest request;
    request.method = "POST";
    request.path = "/api/v1/boost" + path;
    request.query = query;
    request.from_loopback = from_loopback;
    if (with_header) request.headers = {{"x-sonde-request", "test"}};
    return router_.answer(request);
  }
};

TEST_F(ApiBoostTest, AnswersWhoUntilWhenAndHowOften) {
  const HttpResponse answer = post("", "match=process%3Dpostgres&for=60");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto json = parse_json(answer.body);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ((*json)["v"], 1);
  EXPECT_EQ((*json)["boost"]["id"], 7);
  EXPECT_EQ((*json)["boost"]["match"], "process=postgres");
  EXPECT_EQ((*json)["boost"]["until"], now_ns_ / 1'000'000 + 60'000);
  EXPECT_EQ((*json)["boost"]["rate"], 95);
  const auto by_default = parse_json(post("", "match=pid%3D1").body);
  EXPECT_EQ((*by_default)["boost"]["until"], now_ns_ / 1'000'000 + 300'000);
}

TEST_F(ApiBoostTest, IsForThisMachineWithTheHeaderAlone) {
  EXPECT_EQ(post("", "match=pid%3D1", false).status, 403);
  EXPECT_EQ(post("", "match=pid%3D1", true, false).status, 403);
  EXPECT_EQ(post("/end", "id=7", false).status, 403);
  EXPECT_EQ(ask("/boost?match=pid%3D1").status, 405);
}

TEST_F(ApiBoostTest, MistakesAreSaid) {
  for (const char* query : {"", "match=", "match=x", "match=thread%3Dx", "match={}",
                            "match=pid%3D1&for=0", "match=pid%3D1&for=3601", "match=pid%3D1&for=5m",
                            "match=pid%3D1&x=1", "match=pid%3D1&match=pid%3D2"}) {
    EXPECT_EQ(post("", query).status, 400) << query;
  }
  EXPECT_THAT(post("", "match=thread%3Dx").body, HasSubstr("match: the label thread"));
  boosts_full_ = true;
  EXPECT_EQ(post("", "match=pid%3D1").status, 503);
}

TEST_F(ApiBoostTest, OneEndsByItsId) {
  EXPECT_EQ(post("/end", "id=7").status, 200);
  EXPECT_EQ(post("/end", "id=8").status, 404);
  for (const char* query : {"", "id=", "id=x", "id=0", "id=-1"}) {
    EXPECT_EQ(post("/end", query).status, 400) << query;
  }
}

TEST_F(ApiBoostTest, StatusListsThem) {
  facts_.boosts = {{3, "cgroup=/a", 5'000'000'000, 95}};
  const Json list = json("/status")["boosts"];
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0], Json::parse(R"({"id":3,"match":"cgroup=/a","until":5000,"rate":95})"));
}

}  // namespace
}  // namespace sonde
