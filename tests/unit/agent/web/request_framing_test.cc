// SPDX-License-Identifier: Apache-2.0
#include "agent/web/request_framing.h"

#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

constexpr FramingLimits kLimits = {
    .head_bytes = 400, .target_bytes = 60, .headers = 5, .body_bytes = 10};

RequestFrame frame(const std::string& bytes) { return frame_request(bytes, kLimits); }

// The status of a refusal, 0 if there is none.
int status(const std::string& bytes) {
  const RequestFrame found = frame(bytes);
  EXPECT_EQ(found.status == 0, found.why.empty());
  EXPECT_FALSE(found.bytes && found.status != 0);
  return found.status;
}

std::string get(const std::string& headers) { return "GET / HTTP/1.1\r\n" + headers + "\r\n"; }

TEST(RequestFramingTest, ARequestEndsBehindItsBody) {
  const std::string head = get("Host: x\r\n");
  EXPECT_EQ(frame(head).bytes, head.size());
  EXPECT_EQ(frame(head + "GET /next").bytes, head.size());
  const std::string post = get("Host: x\r\nContent-Length: 3\r\n");
  EXPECT_EQ(frame(post + "abc").bytes, post.size() + 3);
  EXPECT_EQ(frame(post + "abcGET").bytes, post.size() + 3);
}

TEST(RequestFramingTest, EveryPrefixNeedsMoreBytes) {
  const std::string whole = get("Host: x\r\ncontent-length: 2\r\n") + "ab";
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const RequestFrame found = frame(whole.substr(0, bytes));
    EXPECT_FALSE(found.bytes) << bytes;
    EXPECT_EQ(found.status, 0) << bytes;
  }
  EXPECT_EQ(frame(whole).bytes, whole.size());
}

TEST(RequestFramingTest, OtherProtocolsAreRefusedAtTheirFirstByte) {
  EXPECT_EQ(status("\x16\x03\x01"), 400);  // TLS
  EXPECT_EQ(status("\r\n"), 400);
  EXPECT_EQ(status("get"), 400);
  EXPECT_EQ(status(std::string(1, '\0')), 400);
}

TEST(RequestFramingTest, RequestLines) {
  for (const std::string line :
       {"GET / HTTP/1.1", "HEAD /a%20b?c=d&e HTTP/1.0", "FOO /*~'()!$@ HTTP/1.1"}) {
    EXPECT_EQ(status(line + "\r\n\r\n"), 0) << line;
  }
  for (const std::string line :
       {"GET /", "GET HTTP/1.1", "GET  HTTP/1.1", "GET / HTTP/2.0", "GET / HTTP/1.1 ",
        "GET /  HTTP/1.1", "GET / x HTTP/1.1", "GET x HTTP/1.1", "GET http://x/ HTTP/1.1",
        "OPTIONS * HTTP/1.1", "GET /#x HTTP/1.1", "GET /\xc3\xbc HTTP/1.1", "G(T / HTTP/1.1",
        "GET /\t HTTP/1.1", "GET / http/1.1", "GET"}) {
    EXPECT_EQ(status(line + "\r\n\r\n"), 400) << line;
  }
  EXPECT_EQ(status("GET /" + std::string(60, 'x') + " HTTP/1.1\r\n\r\n"), 414);
  EXPECT_EQ(status("GET /" + std::string(59, 'x') + " HTTP/1.1\r\n\r\n"), 0);
}

TEST(RequestFramingTest, HeadersThatReadersCouldDisagreeAboutAreRefused) {
  EXPECT_EQ(status(get("Host: x\r\nA: \xc3\xbc\r\nB:\r\n")), 0);
  for (const std::string headers :
       {"Host x\r\n", ": x\r\n", "Host : x\r\n", " Host: x\r\n", "A: x\r\n folded\r\n",
        "A\tB: x\r\n", "A: x\rB: y\r\n", "A: x\nB: y\r\n", "A: \x01\r\n", "A: \x7f\r\n",
        "H\xc3\xb6st: x\r\n", "Host: x\r\nHost: x\r\n", "Host: x\r\nhOST: y\r\n"}) {
    EXPECT_EQ(status(get(headers)), 400) << headers;
  }
  EXPECT_EQ(status(get(std::string("A: \0x\r\n", 7))), 400);
  EXPECT_EQ(status("GET / HTTP/1.1\n\n\r\n\r\n"), 400);
}

TEST(RequestFramingTest, BodiesHaveOneLength) {
  for (const std::string length : {"", "x", "-1", "+1", "1x", "0x1", "1 1", "1,1", " ", "1.0"}) {
    EXPECT_EQ(status(get("Content-Length: " + length + "\r\n")), 400) << length;
  }
  EXPECT_EQ(status(get("Content-Length: 1\r\nContent-Length: 1\r\n")), 400);
  EXPECT_EQ(status(get("Content-Length: 10\r\n")), 0);
  EXPECT_EQ(status(get("Content-Length: 11\r\n")), 413);
  EXPECT_EQ(status(get("Content-Length: 99999999999999999999999\r\n")), 413);
  EXPECT_EQ(status(get("Transfer-Encoding: chunked\r\n")), 411);
  EXPECT_EQ(status(get("transfer-encoding:\r\nContent-Length: 1\r\n")), 411);
}

TEST(RequestFramingTest, HeadsAreBounded) {
  std::string five;
  for (int i = 0; i < 5; ++i) five += "A: b\r\n";
  EXPECT_EQ(status(get(five)), 0);
  EXPECT_EQ(status(get(five + "A: b\r\n")), 431);
  EXPECT_EQ(status(get("A: " + std::string(500, 'x') + "\r\n")), 431);
  EXPECT_EQ(status("G" + std::string(398, 'E')), 0) << "one more byte may come";
  EXPECT_EQ(status("G" + std::string(399, 'E')), 431);
  EXPECT_EQ(frame(get(five + "A: b\r\n")).refusal, HttpRefusal::kTooLarge);
}

TEST(RequestFramingTest, HeaderNamesIgnoreCase) {
  EXPECT_TRUE(is_header_line("HoSt: x", "host"));
  EXPECT_FALSE(is_header_line("Hosts: x", "host"));
  EXPECT_FALSE(is_header_line("host", "host"));
  EXPECT_FALSE(is_header_line("", "host"));
}

}  // namespace
}  // namespace sonde
