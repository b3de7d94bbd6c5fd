// SPDX-License-Identifier: Apache-2.0
#include "agent/web/series_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sonde {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kNow = 1'749'823'320'000'000'000;

TEST(SeriesQueryTest, EveryParameter) {
  const auto query = parse_series_query("from=1000&to=2000&g=pod&points=16&live=1&f=a%3Db", kNow);
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->group, "pod");
  EXPECT_EQ(query->points, 16U);
  EXPECT_TRUE(query->live);
  EXPECT_EQ(query->match.size(), 1U);
  EXPECT_EQ(query->range.to_ns, 2'000'000'000);
}

TEST(SeriesQueryTest, NothingIsNeeded) {
  const auto query = parse_series_query("", kNow);
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->group, "");
  EXPECT_EQ(query->points, 500U);
  EXPECT_FALSE(query->live);
  EXPECT_EQ(query->range.to_ns - query->range.from_ns, 300'000'000'000);
  EXPECT_TRUE(parse_selection_query("", kNow).ok());
  EXPECT_EQ(parse_values_query("", kNow)->limit, 50U);
}

TEST(SeriesQueryTest, ValuesAreSearchedAndLimited) {
  const auto query = parse_values_query("q=Post%20&limit=1000", kNow);
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->text, "Post ");
  EXPECT_EQ(query->limit, 1'000U);
  EXPECT_FALSE(parse_values_query("limit=1001", kNow).ok());
}

TEST(SeriesQueryTest, MistakesNameTheirParameter) {
  EXPECT_THAT(parse_series_query("g=", kNow).error().message, HasSubstr("g: "));
  EXPECT_THAT(parse_series_query("points=5001", kNow).error().message, HasSubstr("points: "));
  EXPECT_THAT(parse_selection_query("g=pod", kNow).error().message,
              HasSubstr("unknown parameter g"));
  EXPECT_THAT(parse_selection_query("from=x", kNow).error().message, HasSubstr("from: "));
}

}  // namespace
}  // namespace sonde
