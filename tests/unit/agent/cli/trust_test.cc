// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/trust.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(TrustTest, EarlySamplesCountApart) {
  EXPECT_EQ(whole_share({.samples = 110, .whole = 99, .early = 10}), 0.99);
  EXPECT_EQ(whole_share({.samples = 10, .whole = 0, .early = 10}), 1);
  EXPECT_EQ(whole_share({}), 1);
}

TEST(TrustTest, MissedTicksAreAShareOfTicksLostSamplesOfSamples) {
  EXPECT_DOUBLE_EQ(lost_share({.samples = 90, .lost = 10}), 0.1);
  EXPECT_DOUBLE_EQ(lost_share({.samples = 90, .lost = 20, .missed = 10, .expected = 1000}), 0.11);
  EXPECT_DOUBLE_EQ(lost_share({.samples = 90, .lost = 10, .missed = 10, .expected = 0}), 0.1);
  EXPECT_DOUBLE_EQ(lost_share({}), 0);
}

TEST(TrustTest, TheWorseOfLossesAndCutStacksDecides) {
  EXPECT_EQ(judge({.samples = 10'000, .whole = 9'900, .lost = 10}), TrustLevel::kOk);
  EXPECT_EQ(judge({.samples = 10'000, .whole = 9'800, .lost = 0}), TrustLevel::kWarn);
  EXPECT_EQ(judge({.samples = 10'000, .whole = 10'000, .lost = 50}), TrustLevel::kWarn);
  EXPECT_EQ(judge({.samples = 10'000, .whole = 10'000, .lost = 200}), TrustLevel::kBad);
  EXPECT_EQ(judge({.samples = 10'000, .whole = 9'000, .lost = 0}), TrustLevel::kBad);
}

TEST(TrustTest, FewLossesAreBadOnlyAsAGreatShare) {
  EXPECT_EQ(judge({.samples = 50, .whole = 50, .lost = 2}), TrustLevel::kWarn);
  EXPECT_EQ(judge({.samples = 5, .whole = 5, .lost = 2}), TrustLevel::kBad);
}

TEST(TrustTest, WhatDoesNotAddUpIsBad) {
  EXPECT_EQ(judge({.samples = 10, .whole = 10, .adds_up = false}), TrustLevel::kBad);
}

TEST(TrustTest, BothAnswersOfTheAgentHaveTheFigures) {
  const Json health = *parse_json(
      R"({"trust":{"produced":110,"lost":10,"whole":95,"early":3},
          "books":{"expected":500,"missed":4,"unaccounted":0}})");
  const Json flame = *parse_json(
      R"({"samples":100,"trust":{"produced":110,"lost":10,"whole":95,"early":3,"expected":500,
          "missed":4,"unaccounted":-1}})");
  for (const TrustFigures& trust : {trust_of_health(health), trust_of_flame(flame)}) {
    EXPECT_EQ(trust.samples, 100U);
    EXPECT_EQ(trust.whole, 95U);
    EXPECT_EQ(trust.early, 3U);
    EXPECT_EQ(trust.lost, 10U);
    EXPECT_EQ(trust.missed, 4U);
    EXPECT_EQ(trust.expected, 500U);
  }
  EXPECT_TRUE(trust_of_health(health).adds_up);
  EXPECT_FALSE(trust_of_flame(flame).adds_up);
  EXPECT_EQ(trust_of_health(Json()).samples, 0U);
}

}  // namespace
}  // namespace sonde
