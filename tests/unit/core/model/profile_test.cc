// SPDX-License-Identifier: Apache-2.0
#include "core/model/profile.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sonde {
namespace {

TEST(ProfileTest, EveryStopReasonHasItsOwnNameAndIsFoundByIt) {
  std::set<std::string> names;
  for (std::uint16_t stop = 0; stop < SONDE_STOP_COUNT; ++stop) {
    EXPECT_TRUE(names.insert(stop_name(stop)).second) << stop_name(stop);
    EXPECT_EQ(stop_from_name(stop_name(stop)), stop);
  }
}

TEST(ProfileTest, AReasonPastTheTableIsUnknown) {
  EXPECT_STREQ(stop_name(SONDE_STOP_COUNT), "unknown");
  EXPECT_EQ(stop_from_name("unknown"), SONDE_STOP_COUNT);
  EXPECT_EQ(stop_from_name(""), SONDE_STOP_COUNT);
}

TEST(ProfileTest, OnlyCompleteAndKernelOnlyAreWhole) {
  for (std::uint16_t stop = 0; stop <= SONDE_STOP_COUNT; ++stop) {
    const std::string name = stop_name(stop);
    EXPECT_EQ(is_whole(stop), name == "complete" || name == "kernel_only") << name;
  }
}

TEST(ProfileTest, IndexZeroOfImagesAndFunctionsIsNone) {
  const SymbolizedProfile profile;
  ASSERT_EQ(profile.images.size(), 1U);
  EXPECT_TRUE(profile.images[0].path.empty());
  ASSERT_EQ(profile.functions.size(), 1U);
  EXPECT_TRUE(profile.functions[0].name.empty());
}

TEST(ProfileTest, OriginsKeepTheNumbersOfTheFlamePayload) {
  EXPECT_EQ(static_cast<int>(Origin::kOwn), 1);
  EXPECT_EQ(static_cast<int>(Origin::kUnresolved), 5);
  EXPECT_STREQ(to_string(Origin::kKernel), "kernel");
}

}  // namespace
}  // namespace sonde
