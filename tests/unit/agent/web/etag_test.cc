// SPDX-License-Identifier: Apache-2.0
#include "agent/web/etag.h"

#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

TEST(EtagTest, EqualBytesHaveEqualTags) {
  EXPECT_EQ(etag_of("abc"), etag_of("abc"));
  EXPECT_NE(etag_of("abc"), etag_of("abd"));
  EXPECT_NE(etag_of(""), etag_of(std::string_view("\0", 1)));
  EXPECT_TRUE(etag_of("abc").starts_with("W/\""));
  EXPECT_TRUE(etag_of("abc").ends_with("\""));
}

TEST(EtagTest, TheHeaderIsAListOfTags) {
  const std::string tag = "W/\"1a\"";
  for (const char* header :
       {"W/\"1a\"", "\"1a\"", "*", "\"x\", W/\"1a\"", "\"x\" ,\t\"1a\" ,\"y\""}) {
    EXPECT_TRUE(matches_etag(header, tag)) << header;
  }
  for (const char* header :
       {"", ",", "\"x\"", "1a", "\"1a", "W/1a", "w/\"1a\"", "\"1a\"x", "\"\""}) {
    EXPECT_FALSE(matches_etag(header, tag)) << header;
  }
}

TEST(EtagTest, AnAnswerThatTheClientHasIsNotSentAgain) {
  HttpRequest request;
  HttpResponse first{.body = "body"};
  tag_answer(request, first);
  EXPECT_EQ(first.status, 200);
  ASSERT_EQ(first.headers.size(), 1U);
  request.headers.emplace_back("if-none-match", first.headers[0].second);
  HttpResponse again{.body = "body"};
  tag_answer(request, again);
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(again.headers, first.headers);
  HttpResponse other{.body = "changed"};
  tag_answer(request, other);
  EXPECT_EQ(other.status, 200);
  EXPECT_EQ(other.body, "changed");
}

TEST(EtagTest, ErrorsHaveNoTag) {
  HttpResponse error = http_error(404, "no");
  tag_answer({}, error);
  EXPECT_TRUE(error.headers.empty());
}

}  // namespace
}  // namespace sonde
