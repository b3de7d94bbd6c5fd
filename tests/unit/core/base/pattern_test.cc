// SPDX-License-Identifier: Apache-2.0
#include "core/base/pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

TEST(PatternTest, MatchesTheWholeText) {
  const auto pattern = Pattern::compile("post.*|redis");
  ASSERT_TRUE(pattern.ok());
  EXPECT_TRUE(pattern->matches("postgres"));
  EXPECT_TRUE(pattern->matches("redis"));
  EXPECT_TRUE(pattern->matches("post\ngres"));
  EXPECT_FALSE(pattern->matches("a redis"));
  EXPECT_FALSE(pattern->matches(""));
}

TEST(PatternTest, AnEmptyPatternMatchesTheEmptyText) {
  EXPECT_TRUE(Pattern::compile("")->matches(""));
  EXPECT_FALSE(Pattern::compile("")->matches("x"));
}

TEST(PatternTest, TimeIsLinearWhereBacktrackingWouldNeverEnd) {
  EXPECT_FALSE(Pattern::compile("(a*)*(a*)*(a*)*b")->matches(std::string(20'000, 'a')));
}

TEST(PatternTest, WhatIsNoPatternOrTooLargeSaysWhy) {
  const auto broken = Pattern::compile("a(b");
  ASSERT_FALSE(broken.ok());
  EXPECT_NE(broken.error().message.find("missing )"), std::string::npos) << broken.error().message;
  EXPECT_EQ(Pattern::compile(std::string(1'001, 'a')).error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(Pattern::compile("((a{100}){100}){100}").ok());
}

}  // namespace
}  // namespace sonde
