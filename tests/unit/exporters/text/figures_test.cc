// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/figures.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(FiguresTest, CountsHaveThousands) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(27412), "27,412");
  EXPECT_EQ(count_text(1234567890), "1,234,567,890");
}

TEST(FiguresTest, SharesHaveThreeDigits) {
  EXPECT_EQ(percent_text(0.0558, " "), "5.58 %");
  EXPECT_EQ(percent_text(0.134, " "), "13.4 %");
  EXPECT_EQ(percent_text(1, " "), "100 %");
  EXPECT_EQ(percent_text(0, " "), "0 %");
  EXPECT_EQ(percent_text(0.00005, " "), "< 0.01 %");
}

TEST(FiguresTest, TimesReadAsPeopleSayThem) {
  EXPECT_EQ(time_text(1'443'000'000'000), "24 min 3 s");
  EXPECT_EQ(time_text(11'400'000'000), "11.4 s");
  EXPECT_EQ(time_text(323'000'000), "323 ms");
  EXPECT_EQ(time_text(80'000), "80.0 \xc2\xb5s");
  EXPECT_EQ(time_text(26'340'000'000'000), "7 h 19 min");
  EXPECT_EQ(time_text(0), "0");
}

TEST(FiguresTest, TimeStampsAreUtc) {
  EXPECT_EQ(utc_text(1'749'823'320'000'000'000), "2025-06-13 14:02:00");
}

}  // namespace
}  // namespace sonde
