// SPDX-License-Identifier: Apache-2.0
#include "agent/web/router.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/file.h"
#include "core/base/json.h"

namespace sonde {
namespace {

HttpRequest request(std::string method, std::string path, HttpHeaders headers = {}) {
  return {.method = std::move(method),
          .path = std::move(path),
          .query = {},
          .headers = std::move(headers),
          .body = {},
          .wildcard = {}};
}

HttpHandler says(std::string body) {
  return [body](const HttpRequest& asked) { return HttpResponse{.body = body + asked.wildcard}; };
}

Router router() {
  Router out;
  out.get("/", says("root"));
  out.get("/api/v1/labels", says("labels"));
  out.get("/api/v1/label/*/values", says("values of "));
  out.post("/api/v1/boost", says("boosted"));
  return out;
}

TEST(RouterTest, PathsMatchWhole) {
  const Router routes = router();
  EXPECT_EQ(routes.answer(request("GET", "/")).body, "root");
  EXPECT_EQ(routes.answer(request("HEAD", "/api/v1/labels")).body, "labels");
  for (const char* path : {"/x", "/api/v1/labels/", "//", "/api/v1", "/api/v1/LABELS", "/*", ""}) {
    EXPECT_EQ(routes.answer(request("GET", path)).status, 404) << path;
  }
}

TEST(RouterTest, AWildcardIsOneSegmentDecoded) {
  const Router routes = router();
  EXPECT_EQ(routes.answer(request("GET", "/api/v1/label/pod/values")).body, "values of pod");
  EXPECT_EQ(routes.answer(request("GET", "/api/v1/label/a%2Fb+c/values")).body, "values of a/b+c");
  EXPECT_EQ(routes.answer(request("GET", "/api/v1/label/*/values")).body, "values of *");
  for (const char* path : {"/api/v1/label//values", "/api/v1/label/a/b/values",
                           "/api/v1/label/%zz/values", "/api/v1/label/%ff/values"}) {
    EXPECT_EQ(routes.answer(request("GET", path)).status, 404) << path;
  }
}

TEST(RouterTest, AMethodThatNobodyTookSaysWhichOnesAreThere) {
  const Router routes = router();
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "FOO"}) {
    const HttpResponse answer = routes.answer(request(method, "/"));
    EXPECT_EQ(answer.status, 405) << method;
    ASSERT_EQ(answer.headers.size(), 1U);
    EXPECT_EQ(answer.headers[0].second, "GET, HEAD");
  }
  EXPECT_EQ(routes.answer(request("GET", "/api/v1/boost")).headers.at(0).second, "POST");
}

TEST(RouterTest, APostComesFromThisMachineWithAHeaderThatNoFormCanSend) {
  const Router routes = router();
  HttpRequest post = request("POST", "/api/v1/boost");
  EXPECT_EQ(routes.answer(post).status, 403);
  post.from_loopback = true;
  const HttpResponse without = routes.answer(post);
  EXPECT_EQ(without.status, 403);
  EXPECT_NE(without.body.find("needs the header X-Sonde-Request"), std::string::npos);
  EXPECT_NE(read_file("docs/api.md", 1'000'000)->find("`X-Sonde-Request`"), std::string::npos);
  post.headers = {{"x-sonde-request", "1"}};
  EXPECT_EQ(routes.answer(post).body, "boosted");
  post.from_loopback = false;
  EXPECT_EQ(routes.answer(post).status, 403);
}

TEST(RouterTest, ErrorsAreJsonWhateverThePathHolds) {
  const HttpResponse answer = router().answer(request("GET", "/\"<script>\x1b\xff"));
  EXPECT_EQ(answer.content_type, "application/json");
  const auto said = parse_json(answer.body);
  ASSERT_TRUE(said.ok());
  EXPECT_TRUE((*said)["error"].get<std::string>().starts_with("there is nothing at /\"<script>"));
}

}  // namespace
}  // namespace sonde
