// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/boosts.h"

#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

ProcessSelector selector(const std::string& text) { return *parse_process_selector(text); }

TEST(BoostsTest, EachEndsAtItsTime) {
  Boosts boosts;
  ASSERT_TRUE(boosts.add(selector("pid=1"), 100).ok());
  ASSERT_TRUE(boosts.add(selector("pid=2"), 50).ok());
  boosts.expire(49);
  EXPECT_EQ(boosts.active().size(), 2U);
  boosts.expire(50);
  ASSERT_EQ(boosts.active().size(), 1U);
  EXPECT_EQ(boosts.active()[0].processes.text, "pid=1");
  boosts.expire(1'000);
  EXPECT_TRUE(boosts.active().empty());
  EXPECT_EQ(boosts.begun(), 2U);
}

TEST(BoostsTest, TheSameProcessesHaveOneWhoseEndMoves) {
  Boosts boosts;
  const auto first = boosts.add(selector("process=a"), 100);
  const auto again = boosts.add(selector("process=a"), 70);
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(first->id, again->id);
  ASSERT_EQ(boosts.active().size(), 1U);
  EXPECT_EQ(boosts.active()[0].until_ns, 70U);
}

TEST(BoostsTest, OneIsEndedByItsId) {
  Boosts boosts;
  const auto one = boosts.add(selector("process=a"), 100);
  ASSERT_TRUE(boosts.add(selector("process=b"), 100).ok());
  EXPECT_TRUE(boosts.end(one->id));
  EXPECT_FALSE(boosts.end(one->id));
  ASSERT_EQ(boosts.active().size(), 1U);
  EXPECT_EQ(boosts.active()[0].processes.text, "process=b");
}

TEST(BoostsTest, ThereAreSixteenAtMost) {
  Boosts boosts;
  for (std::size_t i = 0; i < Boosts::kMax; ++i) {
    ASSERT_TRUE(boosts.add(selector("pid=" + std::to_string(i)), 100).ok());
  }
  EXPECT_EQ(boosts.add(selector("pid=99"), 100).error().code, ErrorCode::kResourceExhausted);
  EXPECT_TRUE(boosts.add(selector("pid=3"), 200).ok()) << "it is there";
}

}  // namespace
}  // namespace sonde
