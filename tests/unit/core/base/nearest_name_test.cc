// SPDX-License-Identifier: Apache-2.0
#include "core/base/nearest_name.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace sonde {
namespace {

constexpr std::array<std::string_view, 4> kKnown = {"listen", "telemetry_listen", "state_dir",
                                                    "rate"};

TEST(NearestNameTest, EachKindOfTypoLeadsToTheName) {
  EXPECT_EQ(nearest_name("listn", kKnown), "listen");    // a letter less
  EXPECT_EQ(nearest_name("listeen", kKnown), "listen");  // a letter more
  EXPECT_EQ(nearest_name("lisfen", kKnown), "listen");   // another letter
  EXPECT_EQ(nearest_name("lsiten", kKnown), "listen");   // two swapped
  EXPECT_EQ(nearest_name("rtae", kKnown), "rate");       // the same in a short one
  EXPECT_EQ(nearest_name("state-dir", kKnown), "state_dir");
  EXPECT_EQ(nearest_name("statedir", kKnown), "state_dir");
  EXPECT_EQ(nearest_name("telemetry_listne", kKnown), "telemetry_listen");
}

TEST(NearestNameTest, TheKnownNameIsNearestToItself) {
  for (const std::string_view name : kKnown) EXPECT_EQ(nearest_name(name, kKnown), name);
}

TEST(NearestNameTest, WhatIsFarFromEverythingHasNoNearest) {
  EXPECT_EQ(nearest_name("exporters", kKnown), std::nullopt);
  EXPECT_EQ(nearest_name("x", std::array<std::string_view, 1>{"rate"}), std::nullopt);
  EXPECT_EQ(nearest_name("", kKnown), std::nullopt);
  EXPECT_EQ(nearest_name("listen", {}), std::nullopt);
}

TEST(NearestNameTest, EndlessNamesAreLikeNone) {
  EXPECT_EQ(nearest_name(std::string(65, 'r'), kKnown), std::nullopt);
  const std::string longest(64, 'r');
  const std::string longer(65, 'r');
  const std::array<std::string_view, 2> known = {longer, longest};
  EXPECT_EQ(nearest_name(longest, known), longest);
}

TEST(NearestNameTest, OfTwoEquallyNearTheFirstIsTaken) {
  constexpr std::array<std::string_view, 2> kTwo = {"cats", "cars"};
  EXPECT_EQ(nearest_name("caxs", kTwo), "cats");
}

}  // namespace
}  // namespace sonde
