// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/quantity.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ParseDurationTest, TakesDecimalsAndUnits) {
  EXPECT_EQ(parse_duration("10"), seconds(10));
  EXPECT_EQ(parse_duration("10s"), seconds(10));
  EXPECT_EQ(parse_duration("0.5"), milliseconds(500));
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("2m"), seconds(120));
  EXPECT_EQ(parse_duration("1.5h"), seconds(5400));
  for (const char* text : {"", "s", "-1", "0", "1 s", "1d", "1e3", "inf", "nan", "31536000s",
                           "1.2.3", "0x10", "10s "}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(ParsePercentTest, TakesDecimalsWithAndWithoutTheSign) {
  EXPECT_EQ(parse_percent("5%"), 0.05);
  EXPECT_EQ(parse_percent("5"), 0.05);
  EXPECT_EQ(parse_percent("0.5 %"), 0.005);
  EXPECT_EQ(parse_percent("0%"), 0.0);
  EXPECT_EQ(parse_percent("100%"), 1.0);
  for (const char* text : {"", "%", "-1%", "100.1%", "5%%", "5 % ", "nan", "inf", "1e1", "+5"}) {
    EXPECT_FALSE(parse_percent(text)) << text;
  }
}

TEST(WholeNumberTest, SaysTheBoundsAndAnExample) {
  const auto check = whole_number(1, 10'000, "99");
  EXPECT_EQ(check("1"), "");
  EXPECT_EQ(check("10000"), "");
  for (const char* text : {"0", "10001", "-1", "1.5", "99x", ""}) {
    EXPECT_EQ(check(text),
              std::string(text) + " is not a whole number from 1 to 10000, such as 99");
  }
}

}  // namespace
}  // namespace sonde
