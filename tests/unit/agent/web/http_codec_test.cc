// SPDX-License-Identifier: Apache-2.0
#include "agent/web/http_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "core/base/file.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Says back what it was asked.
HttpResponse echo(const HttpRequest& request) {
  std::string body = request.method + " " + request.path + " ? " + request.query + "\n";
  for (const auto& [name, value] : request.headers) {
    if (name.starts_with("x-") || name == "accept" || name == "range" || name == "cookie" ||
        name == "expect") {
      body += name + ": " + value + "\n";
    }
  }
  return {.content_type = "text/plain", .body = body + request.body};
}

std::string get(const std::string& target, const std::string& headers = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
}

std::string body_of(const HttpAnswer& answer) {
  const std::size_t end = answer.bytes.find("\r\n\r\n");
  return end == std::string::npos ? "no head" : answer.bytes.substr(end + 4);
}

TEST(HttpCodecTest, TheHandlerSeesTheRequestAsItWasSent) {
  HttpCodec codec(echo);
  const HttpAnswer answer = codec.answer(get("/a%20b/c?d=%26&e?", "Accept: text/*\r\n"));
  EXPECT_EQ(body_of(answer), "GET /a%20b/c ? d=%26&e?\naccept: text/*\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.keep_alive);
  EXPECT_FALSE(answer.refusal);
  EXPECT_THAT(answer.bytes, HasSubstr("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer.bytes, HasSubstr("Content-Type: text/plain\r\n"));
}

TEST(HttpCodecTest, EveryAnswerIsGuarded) {
  HttpCodec codec(echo);
  for (const std::string& bytes :
       {codec.answer(get("/")).bytes, codec.answer("nonsense\r\n\r\n").bytes,
        http_refusal_bytes(431, "too large")}) {
    EXPECT_THAT(bytes, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
    EXPECT_THAT(bytes, HasSubstr("Referrer-Policy: no-referrer\r\n"));
    EXPECT_THAT(bytes, HasSubstr("Cross-Origin-Opener-Policy: same-origin\r\n"));
    EXPECT_THAT(bytes, HasSubstr("Cross-Origin-Resource-Policy: same-origin\r\n"));
    EXPECT_THAT(bytes, HasSubstr("Cache-Control: no-store\r\n"));
    EXPECT_THAT(bytes, HasSubstr("Content-Security-Policy: default-src 'none'; "));
  }
}

TEST(HttpCodecTest, TheHeadersOfEveryAnswerAreDocumented) {
  const auto text = read_file("docs/api.md", 1'000'000);
  ASSERT_TRUE(text.ok());
  for (const auto& [name, value] : default_headers()) {
    EXPECT_THAT(*text, HasSubstr("`" + name + ": " + value + "`"));
  }
}

TEST(HttpCodecTest, AHandlersOwnHeadersReplaceTheDefaults) {
  HttpCodec codec([](const HttpRequest&) {
    return HttpResponse{.headers = {{"Content-Security-Policy", "default-src 'self'"},
                                    {"Cache-Control", "private, max-age=600"}}};
  });
  const std::string bytes = codec.answer(get("/")).bytes;
  EXPECT_THAT(bytes, HasSubstr("Content-Security-Policy: default-src 'self'\r\n"));
  EXPECT_THAT(bytes, HasSubstr("Cache-Control: private, max-age=600\r\n"));
  EXPECT_THAT(bytes, Not(HasSubstr("no-store")));
}

TEST(HttpCodecTest, WhatNoHandlerReadsIsLeftOut) {
  HttpCodec codec(echo);
  std::string ranges = "Range: bytes=0-";
  for (int i = 0; i < 1500; ++i) ranges += ",0-";
  const HttpAnswer answer =
      codec.answer(get("/", ranges + "\r\nCookie: a=b\r\nExpect: 100-continue\r\nX-Other: 1\r\n"
                                     "X-Sonde-Request: 1\r\nAccept-Encoding: gzip, br\r\n"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(body_of(answer), "GET / ? \nx-sonde-request: 1\n") << "neither ranges nor brotli";
  EXPECT_THAT(answer.bytes, Not(HasSubstr("100 Continue")));
  EXPECT_THAT(answer.bytes, Not(HasSubstr("Accept-Ranges")));
}

TEST(HttpCodecTest, HeadHasTheLengthButNoBody) {
  HttpCodec codec(echo);
  const HttpAnswer answer = codec.answer("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(body_of(answer), "");
  EXPECT_THAT(answer.bytes, HasSubstr("Content-Length: 13\r\n"));
  EXPECT_TRUE(answer.keep_alive);
}

TEST(HttpCodecTest, APostHasItsBody) {
  HttpCodec codec(echo);
  const std::string body("a\r\n\0b", 5);
  const HttpAnswer answer =
      codec.answer("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n" + body);
  EXPECT_EQ(body_of(answer), "POST /x ? \n" + body);
  EXPECT_TRUE(answer.keep_alive);
}

TEST(HttpCodecTest, TheClientDecidesWhetherTheConnectionStays) {
  HttpCodec codec(echo);
  const HttpAnswer closed = codec.answer(get("/", "Connection: close\r\n"));
  EXPECT_FALSE(closed.keep_alive);
  EXPECT_THAT(closed.bytes, HasSubstr("Connection: close\r\n"));
  EXPECT_FALSE(codec.answer("GET / HTTP/1.0\r\nHost: x\r\n\r\n").keep_alive);
  EXPECT_TRUE(
      codec.answer("GET / HTTP/1.0\r\nHost: x\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
}

TEST(HttpCodecTest, WhatCannotBeParsedIsRefusedAndEndsTheConnection) {
  HttpCodec codec(echo);
  for (const std::string request :
       {"nonsense\r\n\r\n", "FROB / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1", "", "\r\n\r\n",
        "GET /?a?b?c HTTP/9 \r\n\r\n"}) {
    const HttpAnswer answer = codec.answer(request);
    EXPECT_FALSE(answer.keep_alive) << request;
    EXPECT_EQ(answer.refusal, HttpRefusal::kMalformed) << request;
  }
  EXPECT_EQ(codec.answer("nonsense\r\n\r\n").status, 400);
}

TEST(HttpCodecTest, AHandlerThatThrowsIsA500ThatSaysNothingOfTheInside) {
  HttpCodec codec([](const HttpRequest&) -> HttpResponse { throw std::runtime_error("secret"); });
  const HttpAnswer answer = codec.answer(get("/"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.refusal, HttpRefusal::kFailed);
  EXPECT_THAT(answer.bytes, Not(HasSubstr("secret")));
  EXPECT_THAT(answer.bytes, HasSubstr("the request failed inside sonde"));
}

TEST(HttpCodecTest, RefusalsOfHandlersAreHandedOn) {
  HttpCodec codec([](const HttpRequest&) {
    HttpResponse out = http_error(403, "no");
    out.refusal = HttpRefusal::kCrossSite;
    return out;
  });
  EXPECT_EQ(codec.answer(get("/")).refusal, HttpRefusal::kCrossSite);
}

TEST(HttpCodecTest, HeadersOfAnswersCannotBeSplit) {
  HttpCodec codec([](const HttpRequest&) {
    return HttpResponse{.headers = {{"X-A", "b\r\nX-Evil: 1"}, {"X-C\r\n", "d"}}};
  });
  EXPECT_THAT(codec.answer(get("/")).bytes, Not(HasSubstr("X-Evil")));
}

}  // namespace
}  // namespace sonde
