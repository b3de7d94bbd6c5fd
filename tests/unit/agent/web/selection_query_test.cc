// SPDX-License-Identifier: Apache-2.0
#include "agent/web/selection_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace sonde {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kWindow = 10 * kSecond;

Parameters given(std::string_view query) {
  constexpr std::array<std::string_view, 5> kNames = {"type", "from", "to", "n", "live"};
  constexpr std::array<std::string_view, 1> kRepeated = {"f"};
  auto parsed = Parameters::parse(query, kNames, kRepeated);
  EXPECT_TRUE(parsed.ok());
  return *std::move(parsed);
}

TEST(SelectionQueryTest, ATypeARangeAndConditions) {
  SelectionQuery query;
  ASSERT_TRUE(take_selection(given("from=-60s&f=a%3Db&f=c!%3Dd"), 1'000 * kSecond, query).ok());
  EXPECT_EQ(query.type, "cpu");
  EXPECT_EQ(query.range.from_ns, 940 * kSecond);
  EXPECT_EQ(query.range.to_ns, 1'000 * kSecond);
  EXPECT_FALSE(query.range.is_absolute);
  ASSERT_EQ(query.match.size(), 2U);
  EXPECT_EQ(query.match[1].name(), "c");
  ASSERT_TRUE(take_selection(given("from=5&to=9"), 1'000 * kSecond, query).ok());
  EXPECT_TRUE(query.range.is_absolute);
  ASSERT_TRUE(take_selection(given("from=5&to=now-1s"), 1'000 * kSecond, query).ok());
  EXPECT_FALSE(query.range.is_absolute);
}

TEST(SelectionQueryTest, NumbersHaveTheirLimits) {
  EXPECT_EQ(*number_of(given(""), "n", 7, 1, 9), 7U);
  EXPECT_EQ(*number_of(given("n=1"), "n", 7, 1, 9), 1U);
  EXPECT_EQ(*number_of(given("n=9"), "n", 7, 1, 9), 9U);
  for (const char* bad : {"n=0", "n=10", "n=", "n=-1", "n=1x", "n=99999999999999999999"}) {
    const auto number = number_of(given(bad), "n", 7, 1, 9);
    ASSERT_FALSE(number.ok()) << bad;
    EXPECT_EQ(number.error().message, "n: must be a number from 1 to 9");
  }
  EXPECT_FALSE(*live_of(given("")));
  EXPECT_TRUE(*live_of(given("live=1")));
  EXPECT_FALSE(live_of(given("live=yes")).ok());
}

TEST(SelectionQueryTest, LabelNames) {
  for (const char* good : {"pod", "k8s.pod_name", "_x9"}) EXPECT_TRUE(is_label_name(good)) << good;
  for (const char* bad : {"", "9a", "a-b", "A", "a b", "a,b"})
    EXPECT_FALSE(is_label_name(bad)) << bad;
}

TEST(SelectionQueryTest, RelativeTimesCountFromTheOpenWindow) {
  const TimeRange range{943 * kSecond, 1'003 * kSecond, true, false};
  EXPECT_EQ(in_whole_windows(range, kWindow).from_ns, 940 * kSecond);
  EXPECT_EQ(in_whole_windows(range, kWindow).to_ns, 1'000 * kSecond);
  const TimeRange one{1'002 * kSecond, 1'003 * kSecond, true, false};
  EXPECT_EQ(in_whole_windows(one, kWindow).from_ns, 990 * kSecond) << "at least one window";
  EXPECT_EQ(in_whole_windows(one, kWindow).to_ns, 1'000 * kSecond);
  const TimeRange absolute{943 * kSecond, 1'003 * kSecond, false, true};
  EXPECT_EQ(in_whole_windows(absolute, kWindow).from_ns, 943 * kSecond);
}

}  // namespace
}  // namespace sonde
