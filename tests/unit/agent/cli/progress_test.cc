// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/progress.h"

#include <gtest/gtest.h>

#include "agent/cli/text.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Terminal terminal_of(std::size_t width, bool utf8 = true) {
  return Terminal{.is_tty = true, .colour = false, .moves = true, .utf8 = utf8, .width = width};
}

TEST(ProgressTest, ALineOfEightyColumns) {
  const Progress progress("all processes", 99, seconds(30), Pen(terminal_of(80)));
  EXPECT_EQ(progress.line(milliseconds(19'200), 3041, 0),
            "recording all processes, 99 Hz  █████████░░░░░░ 19.2/30 s  3,041 samples  0 lost");
}

TEST(ProgressTest, ACommandHasNoEnd) {
  const Progress progress("make", 99, std::nullopt, Pen(terminal_of(80, false)));
  EXPECT_EQ(progress.line(milliseconds(1250), 12, 3),
            "recording make, 99 Hz  1.2 s  12 samples  3 lost");
}

TEST(ProgressTest, NeverWiderThanTheTerminal) {
  const Progress progress(std::string(100, 'x'), 10'000, seconds(86'400), Pen(terminal_of(40)));
  EXPECT_LE(display_width(progress.line(seconds(86'000), 123'456'789, 1'000'000)), 40U);
}

}  // namespace
}  // namespace sonde
