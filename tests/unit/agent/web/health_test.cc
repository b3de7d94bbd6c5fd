// SPDX-License-Identifier: Apache-2.0
#include "agent/web/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/base/json.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

HttpResponse ask(const Router& router, std::string path) {
  HttpRequest request;
  request.method = "GET";
  request.path = std::move(path);
  return router.answer(request);
}

TEST(HealthTest, TicksOfTheLastMinuteMakeReady) {
  EXPECT_TRUE(readiness_of_ticks(seconds(0), seconds(1)).ready);
  EXPECT_TRUE(readiness_of_ticks(milliseconds(59'999), seconds(100)).ready);
  const Readiness silent = readiness_of_ticks(seconds(60), seconds(100));
  EXPECT_FALSE(silent.ready);
  EXPECT_EQ(silent.why, "no clock tick seen for 60 s, the last one 60 s ago");
  const Readiness never = readiness_of_ticks(std::nullopt, seconds(3));
  EXPECT_FALSE(never.ready);
  EXPECT_EQ(never.why, "no clock tick seen in the 3 s since the start");
}

TEST(HealthTest, ReadyzAsksEachTimeAndSaysWhyNot) {
  bool ready = false;
  Router router;
  add_health(router, [&] { return Readiness{ready, "because"}; });
  HttpResponse answer = ask(router, "/readyz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ((*parse_json(answer.body))["status"], "not ready");
  EXPECT_EQ((*parse_json(answer.body))["reason"], "because");
  ready = true;
  EXPECT_EQ(ask(router, "/readyz").status, 200);
}

TEST(HealthTest, HealthzDoesNotDependOnReadiness) {
  Router router;
  add_health(router, [] { return Readiness{false, "x"}; });
  const HttpResponse answer = ask(router, "/healthz");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("\"ok\""));
}

}  // namespace
}  // namespace sonde
