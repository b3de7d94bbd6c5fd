// SPDX-License-Identifier: Apache-2.0
#include "agent/web/static_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "agent/web/http_codec.h"
#include "agent/web/site.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kPolicy = "default-src 'none'; script-src 'self'";
constexpr std::array<PageFile, 2> kFiles = {
    PageFile{"/", "text/html; charset=utf-8", "<!doctype html>"},
    PageFile{"/main.js", "text/javascript; charset=utf-8", "export {};"}};

std::string ask(const std::string& path, const std::string& headers = "") {
  Router router;
  add_static_files(router, kFiles, kPolicy);
  HttpCodec codec(make_site(Guard::own_names(ListenAddress{}, ""), std::move(router)));
  return codec.answer("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n").bytes;
}

TEST(StaticFilesTest, EachIsServedUnderItsPathWithThePolicyOfThePage) {
  const std::string page = ask("/");
  EXPECT_THAT(page, HasSubstr("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(page, HasSubstr("Content-Type: text/html; charset=utf-8\r\n"));
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy: " + std::string(kPolicy) + "\r\n"));
  EXPECT_TRUE(page.ends_with("\r\n\r\n<!doctype html>"));
  EXPECT_THAT(ask("/main.js"), HasSubstr("Content-Type: text/javascript; charset=utf-8\r\n"));
  EXPECT_THAT(ask("/main.mjs"), HasSubstr("HTTP/1.1 404 "));
}

TEST(StaticFilesTest, BrowsersAskWhetherTheirCopyIsGood) {
  const std::string first = ask("/main.js");
  EXPECT_THAT(first, HasSubstr("Cache-Control: no-cache\r\n"));
  const std::size_t at = first.find("ETag: ");
  ASSERT_NE(at, std::string::npos);
  const std::string tag = first.substr(at + 6, first.find("\r\n", at) - at - 6);
  const std::string again = ask("/main.js", "If-None-Match: " + tag + "\r\n");
  EXPECT_THAT(again, HasSubstr("HTTP/1.1 304 Not Modified\r\n"));
  EXPECT_TRUE(again.ends_with("\r\n\r\n"));
}

}  // namespace
}  // namespace sonde
