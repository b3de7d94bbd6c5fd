// SPDX-License-Identifier: Apache-2.0
#include "agent/config/listen_address.h"

#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

std::string round_trip(std::string_view text) {
  const auto address = parse_listen_address(text);
  return address ? address->text() : "error: " + address.error().message;
}

TEST(ListenAddressTest, AddressAndPortOfBothFamilies) {
  EXPECT_EQ(round_trip("127.0.0.1:7663"), "127.0.0.1:7663");
  EXPECT_EQ(round_trip("0.0.0.0:0"), "0.0.0.0:0");
  EXPECT_EQ(round_trip("[::1]:65535"), "[::1]:65535");
  EXPECT_EQ(round_trip("[0:0::1]:1"), "[::1]:1");
  EXPECT_EQ(round_trip("localhost:80"), "127.0.0.1:80");
}

TEST(ListenAddressTest, WhatIsNoAddressSaysWhatWouldBeRight) {
  for (const std::string text : {"",
                                 "7663",
                                 "127.0.0.1",
                                 ":7663",
                                 "127.0.0.1:",
                                 "127.0.0.1:65536",
                                 "127.0.0.1:-1",
                                 "127.0.0.1:80x",
                                 "127.0.0.1: 80",
                                 "127.1:80",
                                 "1.2.3.256:80",
                                 "::1:80",
                                 "[::1]80",
                                 "[::1",
                                 "[127.0.0.1]:80",
                                 "[fe80::1%eth0]:80",
                                 "example.com:80",
                                 "127.0.0.1:80:80",
                                 "http://x:80",
                                 "[]:80"}) {
    const auto address = parse_listen_address(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(address.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(address.error().message.find("127.0.0.1:7663"), std::string::npos) << text;
  }
  EXPECT_FALSE(parse_listen_address(std::string_view("127.0.0.1\0x:80", 14)).ok());
}

TEST(ListenAddressTest, LoopbackIsWhatOnlyThisMachineReaches) {
  EXPECT_TRUE(parse_listen_address("127.5.0.1:1")->is_loopback());
  EXPECT_TRUE(parse_listen_address("[::1]:1")->is_loopback());
  EXPECT_FALSE(parse_listen_address("0.0.0.0:1")->is_loopback());
  EXPECT_FALSE(parse_listen_address("[::ffff:127.0.0.1]:1")->is_loopback());
  EXPECT_FALSE(parse_listen_address("128.0.0.1:1")->is_loopback());
  EXPECT_TRUE(parse_listen_address("[::]:1")->is_wildcard());
  EXPECT_FALSE(parse_listen_address("127.0.0.1:1")->is_wildcard());
}

TEST(ListenAddressTest, CollidingAddressesCannotListenTogether) {
  const auto both = [](std::string_view one, std::string_view other) {
    return collide(*parse_listen_address(one), *parse_listen_address(other));
  };
  EXPECT_TRUE(both("127.0.0.1:9", "127.0.0.1:9"));
  EXPECT_TRUE(both("127.0.0.1:9", "0.0.0.0:9"));
  EXPECT_TRUE(both("[::]:9", "127.0.0.1:9"));
  EXPECT_FALSE(both("127.0.0.1:9", "127.0.0.1:8"));
  EXPECT_FALSE(both("127.0.0.1:9", "127.0.0.2:9"));
  EXPECT_FALSE(both("127.0.0.1:0", "127.0.0.1:0"));
}

}  // namespace
}  // namespace sonde
