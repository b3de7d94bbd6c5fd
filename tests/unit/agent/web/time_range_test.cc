// SPDX-License-Identifier: Apache-2.0
#include "agent/web/time_range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNow = 1'749'823'320 * kSecond + 7;  // 2025-06-13T14:02:00.000000007Z

// -1 for what is no time.
std::int64_t at(std::string_view text) {
  const auto time = parse_time(text, kNow);
  return time ? *time : -1;
}

TEST(TimeRangeTest, RelativeToNow) {
  EXPECT_EQ(at("now"), kNow);
  EXPECT_EQ(at("-5m"), kNow - 300 * kSecond);
  EXPECT_EQ(at("now-5m"), kNow - 300 * kSecond);
  EXPECT_EQ(at("-1h30m"), kNow - 5400 * kSecond);
  EXPECT_EQ(at("-500ms"), kNow - kSecond / 2);
  EXPECT_EQ(at("-1m500ms"), kNow - 60 * kSecond - kSecond / 2);
  EXPECT_EQ(at("-2d"), kNow - 2 * 86400 * kSecond);
  EXPECT_EQ(at("-1w"), kNow - 7 * 86400 * kSecond);
  EXPECT_EQ(at("-0s"), kNow);
  EXPECT_EQ(at("-10000w"), 0) << "not before 1970";
}

TEST(TimeRangeTest, UnixMilliseconds) {
  EXPECT_EQ(at("1749823320000"), kNow - 7);
  EXPECT_EQ(at("0"), 0);
  EXPECT_EQ(at("9000000000000"), 9'000'000'000 * kSecond);
  EXPECT_EQ(at("9000000000001"), -1);
}

TEST(TimeRangeTest, Rfc3339) {
  EXPECT_EQ(at("2025-06-13T14:02:00Z"), kNow - 7);
  EXPECT_EQ(at("2025-06-13T14:02:00.000000007Z"), kNow);
  EXPECT_EQ(at("2025-06-13T14:02:00.5z"), kNow - 7 + kSecond / 2);
  EXPECT_EQ(at("2025-06-13T16:02:00+02:00"), kNow - 7);
  EXPECT_EQ(at("2025-06-13T08:32:00-05:30"), kNow - 7);
  EXPECT_EQ(at("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(at("2024-02-29T00:00:00Z"), 1709164800 * kSecond);
  EXPECT_GT(at("2016-12-31T23:59:60Z"), 0) << "a leap second";
}

TEST(TimeRangeTest, WhatIsNoTimeSaysWhatWouldBeOne) {
  for (const std::string text : {"",
                                 "-",
                                 "now-",
                                 "now+5m",
                                 "5m",
                                 "-5",
                                 "-m",
                                 "-5x",
                                 "-5 m",
                                 "-5M",
                                 "-1.5h",
                                 "-5m-3m",
                                 "-5mm",
                                 "Now",
                                 "yesterday",
                                 "1749823320.5",
                                 "-99999999999s",
                                 "-999999999w",
                                 "12345678901234",
                                 "2025-06-13",
                                 "2025-06-13T14:02Z",
                                 "2025-06-13T14:02:00",
                                 "2025-06-13 14:02:00Z",
                                 "2025-02-30T00:00:00Z",
                                 "2025-13-01T00:00:00Z",
                                 "2025-00-01T00:00:00Z",
                                 "2025-06-13T24:00:00Z",
                                 "2025-06-13T14:60:00Z",
                                 "2025-06-13T14:02:61Z",
                                 "2025-06-13T14:02:00+25:00",
                                 "2025-06-13T14:02:00+2:00",
                                 "2025-06-13T14:02:00.Z",
                                 "2025-06-13T14:02:00.0000000001Z",
                                 "1969-12-31T23:59:59Z",
                                 "2255-01-01T00:00:00Z",
                                 "20255-06-13T14:02:00Z",
                                 "2025-6-13T14:02:00Z",
                                 "2025-06-13T14:02:00Zx"}) {
    EXPECT_EQ(at(text), -1) << text;
  }
  EXPECT_THAT(parse_time("yesterday", kNow).error().message,
              HasSubstr("yesterday is no time; write now, -5m,"));
}

TEST(TimeRangeTest, ARangeEndsAfterItBegins) {
  const auto range = parse_time_range("-5m", "now", kNow);
  ASSERT_TRUE(range.ok());
  EXPECT_EQ(range->to_ns - range->from_ns, 300 * kSecond);
  EXPECT_TRUE(range->to_now);
  EXPECT_FALSE(parse_time_range("-5m", "-1m", kNow)->to_now);
  EXPECT_THAT(parse_time_range("now", "-5m", kNow).error().message, HasSubstr("not before to"));
  EXPECT_THAT(parse_time_range("now", "now", kNow).error().message, HasSubstr("not before to"));
  EXPECT_THAT(parse_time_range("x", "now", kNow).error().message, HasSubstr("from: x is no time"));
  EXPECT_THAT(parse_time_range("-5m", "y", kNow).error().message, HasSubstr("to: y is no time"));
}

}  // namespace
}  // namespace sonde
