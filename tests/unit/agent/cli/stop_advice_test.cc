// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/stop_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/model/profile.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(StopAdviceTest, NamesTheReasonTheFileAndWhatHelps) {
  EXPECT_EQ(explain_stop(SONDE_STOP_NO_ROW, "legacyd"),
            "no_row: no unwind row in legacyd; build it with -fasynchronous-unwind-tables or "
            "-fno-omit-frame-pointer");
  EXPECT_EQ(explain_stop(SONDE_STOP_COMPAT32, ""), "compat32: 32-bit program");
}

TEST(StopAdviceTest, EveryReasonOfTheKernelSideHasItsWords) {
  for (std::uint16_t stop = 0; stop < SONDE_STOP_COUNT; ++stop) {
    if (is_whole(stop)) continue;
    EXPECT_THAT(explain_stop(stop, ""), StartsWith(std::string(stop_name(stop)) + ": "));
    EXPECT_THAT(explain_stop(stop, ""), ::testing::Not(HasSubstr("not known; "))) << stop;
  }
  EXPECT_THAT(explain_stop(999, "x"), StartsWith("unknown: "));
}

}  // namespace
}  // namespace sonde
