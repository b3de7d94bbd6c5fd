// SPDX-License-Identifier: Apache-2.0
#include "agent/web/compress.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/compress/gzip.h"

namespace sonde {
namespace {

HttpResponse compressed(std::string accept, HttpResponse response) {
  HttpRequest request;
  request.headers.emplace_back("accept-encoding", std::move(accept));
  compress_answer(request, response);
  return response;
}

bool has(const HttpResponse& response, std::string_view name, std::string_view value) {
  return std::any_of(response.headers.begin(), response.headers.end(), [&](const auto& header) {
    return header.first == name && header.second == value;
  });
}

const std::string kText(4096, 'x');

TEST(CompressTest, WhoTakesGzip) {
  for (const char* accept : {"gzip", "gzip, deflate, br", "deflate , gzip;q=0.1", "*", "x-gzip",
                             "*;q=0, gzip", "gzip;q=1.0", "br;q=1,\tgzip\t"}) {
    EXPECT_TRUE(accepts_gzip(accept)) << accept;
  }
  for (const char* accept : {"", "identity", "br", "gzip;q=0", "gzip; q=0.000", "*;q=0",
                             "gzip;q=0, *", "gzippy", ",;,", "deflate;gzip"}) {
    EXPECT_FALSE(accepts_gzip(accept)) << accept;
  }
}

TEST(CompressTest, LargeTextBecomesSmallerAndReadsTheSame) {
  const HttpResponse out = compressed("gzip", {.content_type = "text/plain", .body = kText});
  EXPECT_LT(out.body.size(), 100U);
  EXPECT_EQ(*gzip_decompress(out.body, 10'000), kText);
  EXPECT_TRUE(has(out, "Content-Encoding", "gzip"));
  EXPECT_TRUE(has(out, "Vary", "Accept-Encoding"));
}

TEST(CompressTest, OtherClientsGetItAsItIsButCachesAreTold) {
  const HttpResponse out = compressed("br", {.content_type = "text/plain", .body = kText});
  EXPECT_EQ(out.body, kText);
  EXPECT_FALSE(has(out, "Content-Encoding", "gzip"));
  EXPECT_TRUE(has(out, "Vary", "Accept-Encoding"));
}

TEST(CompressTest, WhatIsSmallOrCompressedAlreadyIsLeftAlone) {
  EXPECT_EQ(compressed("gzip", {.content_type = "text/plain", .body = "small"}).body, "small");
  EXPECT_EQ(compressed("gzip", {.content_type = "application/octet-stream", .body = kText}).body,
            kText);
  const HttpResponse encoded = compressed(
      "gzip",
      {.content_type = "text/plain", .body = kText, .headers = {{"Content-Encoding", "br"}}});
  EXPECT_EQ(encoded.body, kText);
}

}  // namespace
}  // namespace sonde
