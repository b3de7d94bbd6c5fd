// SPDX-License-Identifier: Apache-2.0
#include "core/base/ascii.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(AsciiTest, CapitalsAreLoweredAndNothingElse) {
  EXPECT_EQ(lower("AZ az @[`{ 09 \xc3\x84"), "az az @[`{ 09 \xc3\x84");
  EXPECT_EQ(lower(""), "");
}

TEST(AsciiTest, CaseIsIgnoredInLettersAlone) {
  EXPECT_TRUE(equal_ignoring_case("Content-LENGTH", "content-Length"));
  EXPECT_TRUE(equal_ignoring_case("", ""));
  EXPECT_FALSE(equal_ignoring_case("abc", "ab"));
  EXPECT_FALSE(equal_ignoring_case("ab", "abc"));
  EXPECT_FALSE(equal_ignoring_case("@", "`"));
}

TEST(AsciiTest, SpacesAndTabsAreTrimmedAtBothEnds) {
  EXPECT_EQ(trimmed(" \t a \t b\t "), "a \t b");
  EXPECT_EQ(trimmed("a"), "a");
  EXPECT_EQ(trimmed("\na "), "\na");
  EXPECT_EQ(trimmed(" \t "), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(AsciiTest, PartsAreCutUntilNothingIsLeft) {
  std::string_view rest = "a,,b,";
  EXPECT_EQ(next_part(rest, ','), "a");
  EXPECT_EQ(rest, ",b,");
  EXPECT_EQ(next_part(rest, ','), "");
  EXPECT_EQ(next_part(rest, ','), "b");
  EXPECT_EQ(rest, "");
  EXPECT_EQ(next_part(rest, ','), "");
}

}  // namespace
}  // namespace sonde
