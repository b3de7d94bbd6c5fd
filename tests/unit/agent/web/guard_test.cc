// SPDX-License-Identifier: Apache-2.0
#include "agent/web/guard.h"

#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

Guard guard(std::string_view listen) {
  return Guard::own_names(*parse_listen_address(listen), "Web-7.example");
}

HttpRequest request(HttpHeaders headers, std::string method = "GET", std::string path = "/api/x") {
  return {.method = std::move(method),
          .path = std::move(path),
          .query = {},
          .headers = std::move(headers),
          .body = {},
          .wildcard = {}};
}

bool answers(const Guard& by, const std::string& host) {
  const auto refused = by.refuse(request({{"host", host}}));
  if (refused && !host.empty()) {
    EXPECT_EQ(refused->status, 403);
    EXPECT_EQ(refused->refusal, HttpRefusal::kForeignHost);
  }
  return !refused;
}

TEST(GuardTest, ALoopbackListenerAnswersToItsOwnNamesOnAnyPort) {
  const Guard by = guard("127.0.0.1:7663");
  for (const char* host : {"127.0.0.1:7663", "127.0.0.1", "localhost", "LOCALHOST:8080",
                           "localhost.:7663", "[::1]:7663", "[::1]", "127.0.0.2:1"}) {
    EXPECT_TRUE(answers(by, host)) << host;
  }
  for (const char* host : {"evil.example",
                           "evil.example:7663",
                           "127.0.0.1.evil.example",
                           "localhost.evil.example",
                           "web-7.example",
                           "10.0.0.1:7663",
                           "0.0.0.0",
                           "[::]:7663",
                           "[::ffff:127.0.0.1]",
                           "localhost:x",
                           "localhost:7663:1",
                           "[::1",
                           "::1",
                           "[::1]x",
                           "2130706433",
                           "127.1",
                           "localhost:1234567",
                           ":80",
                           "[]",
                           "localhost ",
                           "user@localhost",
                           "localhost/",
                           "\"localhost\""}) {
    EXPECT_FALSE(answers(by, host)) << host;
  }
}

TEST(GuardTest, AListenerOnEveryAddressAnswersToAddressesAndItsHostName) {
  const Guard by = guard("0.0.0.0:7663");
  for (const char* host : {"10.1.2.3:7663", "[2001:db8::1]:7663", "localhost", "web-7.example",
                           "WEB-7.EXAMPLE:80", "127.0.0.1"}) {
    EXPECT_TRUE(answers(by, host)) << host;
  }
  EXPECT_FALSE(answers(by, "evil.example"));
  EXPECT_FALSE(answers(by, "web-7.example.evil"));
}

TEST(GuardTest, AListenerOnOneAddressAnswersToThatAddress) {
  const Guard by = guard("10.0.0.1:7663");
  EXPECT_TRUE(answers(by, "10.0.0.1:7663"));
  EXPECT_FALSE(answers(by, "10.0.0.2:7663"));
  EXPECT_FALSE(answers(by, "localhost"));
  EXPECT_TRUE(answers(guard("[2001:db8::1]:1"), "[2001:DB8:0::1]:1"));
}

TEST(GuardTest, AListenerForScrapersAnswersToEveryNameButNeedsOne) {
  EXPECT_TRUE(answers(Guard::any_name(), "sonde.monitoring.svc:9763"));
  const auto refused = Guard::any_name().refuse(request({}));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 400);
}

TEST(GuardTest, RequestsOfOtherSitesAreRefused) {
  const Guard by = guard("127.0.0.1:7663");
  const auto site = [&](const std::string& value) {
    return by.refuse(request({{"host", "localhost"}, {"sec-fetch-site", value}}));
  };
  EXPECT_FALSE(site("same-origin"));
  EXPECT_FALSE(site("none"));
  for (const char* value : {"cross-site", "same-site", "anything", "none, same-origin"}) {
    const auto refused = site(value);
    ASSERT_TRUE(refused) << value;
    EXPECT_EQ(refused->status, 403);
    EXPECT_EQ(refused->refusal, HttpRefusal::kCrossSite);
  }
}

TEST(GuardTest, LinksToThePageMayBeFollowedButNotToTheApi) {
  const Guard by = guard("127.0.0.1:7663");
  const HttpHeaders link = {{"host", "localhost"},
                            {"sec-fetch-site", "cross-site"},
                            {"sec-fetch-mode", "navigate"},
                            {"sec-fetch-dest", "document"}};
  EXPECT_FALSE(by.refuse(request(link, "GET", "/")));
  EXPECT_TRUE(by.refuse(request(link, "POST", "/")));
  EXPECT_TRUE(by.refuse(request(link, "GET", "/api/v1/profile")));
  HttpHeaders frame = link;
  frame[3].second = "iframe";
  EXPECT_TRUE(by.refuse(request(frame, "GET", "/")));
}

TEST(GuardTest, AnOriginMustBeOurs) {
  const Guard by = guard("127.0.0.1:7663");
  const auto origin = [&](const std::string& value) {
    return by.refuse(request({{"host", "localhost:8080"}, {"origin", value}}, "POST")).has_value();
  };
  EXPECT_FALSE(origin("http://localhost:8080"));
  EXPECT_FALSE(origin("http://LOCALHOST:8080"));
  EXPECT_TRUE(origin("http://localhost:3000"));
  EXPECT_TRUE(origin("https://localhost:8080"));
  EXPECT_TRUE(origin("null"));
  EXPECT_TRUE(origin("http://evil.example"));
}

}  // namespace
}  // namespace sonde
