// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/stack_cut.h"

#include <gtest/gtest.h>

#include <set>

#include "core/model/profile.h"

namespace sonde {
namespace {

TEST(StackCutTest, EveryStopReasonHasItsOwnWordsAndWholeStacksNone) {
  std::set<std::string_view> seen;
  for (std::uint16_t stop = 0; stop < SONDE_STOP_COUNT; ++stop) {
    const std::string_view phrase = stop_phrase(stop);
    EXPECT_EQ(phrase.empty(), is_whole(stop)) << stop_name(stop);
    EXPECT_NE(phrase, stop_phrase(SONDE_STOP_COUNT)) << stop_name(stop);
    if (phrase.empty()) continue;
    EXPECT_TRUE(seen.insert(phrase).second) << phrase;
  }
}

// The kernel makes such threads for vhost alone, which no test can count on.
TEST(StackCutTest, AUserThreadOfTheKernelHasNoRegisters) {
  EXPECT_EQ(cut_frame_name(SONDE_STOP_NO_REGISTERS, ""), "stack cut: registers not available");
}

TEST(StackCutTest, TheFrameNamesTheFile) {
  EXPECT_EQ(cut_frame_name(SONDE_STOP_NO_ROW, "/opt/legacy/legacyd"),
            "stack cut: no unwind row in legacyd");
  EXPECT_EQ(cut_frame_name(SONDE_STOP_DEPTH, ""), "stack cut: deeper than the frame limit");
}

}  // namespace
}  // namespace sonde
