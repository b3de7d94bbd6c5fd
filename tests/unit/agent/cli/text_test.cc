// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sonde {
namespace {

using ::testing::ElementsAre;

TEST(DisplayWidthTest, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("plain"), 5U);
  EXPECT_EQ(display_width("naïve…"), 6U);
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("\x1b[31mred\x1b[0m"), 3U);
  EXPECT_EQ(display_width("\xff\xfe"), 2U);
  EXPECT_EQ(display_width("\xe2\x82"), 2U);
}

TEST(FittingTest, NeverCutsACharacterInTwo) {
  EXPECT_EQ(fitting_head("日本語", 5), "日本");
  EXPECT_EQ(fitting_tail("日本語", 5), "本語");
  EXPECT_EQ(fitting_head("abc", 9), "abc");
  EXPECT_EQ(fitting_tail("abc", 0), "");
}

TEST(PadTest, FillsToTheColumnAndNeverCuts) {
  EXPECT_EQ(pad_right("né", 4), "né  ");
  EXPECT_EQ(pad_left("né", 4), "  né");
  EXPECT_EQ(pad_left("longer", 4), "longer");
}

TEST(WrapTest, BreaksAtSpacesAndIndentsWhatFollows) {
  EXPECT_THAT(wrap("one two three four", 9, 2), ElementsAre("one two", "  three", "  four"));
  EXPECT_THAT(wrap("", 9, 2), ElementsAre(""));
  EXPECT_THAT(wrap("abcdefghij", 4, 1), ElementsAre("abcd", " efg", " hij"));
}

TEST(FlowTest, PutsAsManyPiecesOnALineAsFit) {
  EXPECT_THAT(flow({"aaaa", "bbbb", "cccc"}, 12), ElementsAre("aaaa   bbbb", "cccc"));
}

}  // namespace
}  // namespace sonde
