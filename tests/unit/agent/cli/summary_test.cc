// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "agent/cli/text.h"
#include "tests/support/profile_builder.h"

namespace sonde {
namespace {

using test::ProfileBuilder;
using ::testing::HasSubstr;
using ::testing::Not;

Terminal terminal_of(std::size_t width, bool utf8 = true, bool colour = false) {
  return Terminal{.is_tty = true, .colour = colour, .moves = true, .utf8 = utf8, .width = width};
}

std::string screen(const SymbolizedProfile& profile, const Terminal& terminal,
                   SummaryOptions options = {.function_rows = 6, .lines_after = 1}) {
  return render_summary(profile, ProfileSums(profile), options, Pen(terminal));
}

// A host like that of the screen in the manual: 1,000 samples, 10 s of CPU in 6.25 s on 2 CPUs.
ProfileBuilder busy_host() {
  ProfileBuilder b;
  b.add("redis-server:9", "main;aeMain;processCommandAndResetClient", 56)
      .add("redis-server:9", "main;aeMain;processCommandAndResetClient;dictFind", 66)
      .add("redis-server:9",
           "main;aeMain;processCommandAndResetClient;"
           "__memmove_avx_unaligned_erms@/usr/lib/x86_64-linux-gnu/libc.so.6",
           12)
      .add("redis-server:9", "main;write@/lib/libc.so.6;_copy_to_iter@[kernel.kallsyms]", 36)
      .add("node:4", "main;v8::internal::ConcurrentMarkingVisitor::VisitPointers(v8::Slot*)", 23)
      .add("node:4", "main;applyDiscounts /srv/shop/cart.js:73@[jit]", 150)
      .add("node:4",
           "main;__memmove_avx_unaligned_erms@/usr/lib/x86_64-linux-gnu/libc.so.6;"
           "_copy_to_iter@[kernel.kallsyms]",
           5)
      .add("node:4", "", 2, SONDE_STOP_READ_FAULT)
      .add("legacyd:77", "work", 3)
      .add("legacyd:77", "work", 38, SONDE_STOP_NO_ROW, "/opt/legacy/legacyd")
      .add("ingestd:5", "main;ZSTD_compressBlock_doubleFast@/usr/lib/libzstd.so.1", 80)
      .add("ingestd:5", "main;libfoo.so+0x1234@?/usr/lib/libfoo.so", 4);
  for (int pid = 100; pid < 124; ++pid) {
    b.add("postgres:" + std::to_string(pid), "main;exec_simple_query;ExecSort", 20)
        .add("postgres:" + std::to_string(pid),
             "main;read@/lib/libc.so.6;"
             "get_next_seq@/usr/lib/libc.so.6",
             2);
  }
  b.profile.meta.host = "web-7";
  b.profile.meta.cpu_count = 2;
  b.profile.meta.rate_hz = 99;
  b.profile.meta.duration_ns = 6'250'000'000;
  b.profile.meta.cost.cpu_seconds = 0.0375;
  return b;
}

TEST(SummaryTest, EightyColumns) {
  EXPECT_EQ(screen(busy_host().profile, terminal_of(80)),
            R"(6.25 s on web-7, 2 CPUs, 99 Hz: 1,003 samples, 10.0 s CPU (1.60 cores)
stacks 96.0 % whole   lost 0   unresolved leaves 0.4 %   sonde 0.6 % of a core

  self   total  function                                  where
47.9 %  47.9 %  ExecSort                                  postgres
15.0 %  15.0 %  applyDiscounts /srv/shop/cart.js:73       [jit]
 8.0 %   8.0 %  ZSTD_compressBlock_doubleFast             libzstd.so.1
 6.6 %   6.6 %  dictFind                                  redis-server
 5.6 %  13.4 %  processCommandAndResetClient              redis-server
 4.8 %   4.8 %  get_next_seq                              libc.so.6

by process           CPU  kernel   whole    by origin
postgres ×24      52.6 %     0 %   100 %    own         66.4 % █████████████████
node              17.9 %   0.5 %  98.9 %    runtime     15.0 % ███▉
redis-server      16.9 %   3.6 %   100 %    library     14.0 % ███▋
ingestd            8.4 %     0 %   100 %    kernel       4.1 % █
legacyd            4.1 %     0 %   7.3 %    unresolved   0.6 % ▏

! legacyd: 3 of 41 stacks whole (no_row: no unwind row in legacyd; build it with
    -fasynchronous-unwind-tables or -fno-omit-frame-pointer)
)");
}

TEST(SummaryTest, AsciiOnlyWithoutUtf8) {
  EXPECT_EQ(screen(busy_host().profile, terminal_of(60, false)),
            R"(6.25 s on web-7, 2 CPUs, 99 Hz: 1,003 samples, 10.0 s CPU
    (1.60 cores)
stacks 96.0 % whole   lost 0   unresolved leaves 0.4 %
sonde 0.6 % of a core

  self   total  function                    where
47.9 %  47.9 %  ExecSort                    postgres
15.0 %  15.0 %  applyDiscounts              [jit]
 8.0 %   8.0 %  ...doubleFast               libzstd.so.1
 6.6 %   6.6 %  dictFind                    redis-server
 5.6 %  13.4 %  processCommandAndResetC...  redis-server
 4.8 %   4.8 %  get_next_seq                libc.so.6

by process           CPU  kernel   whole
postgres x24      52.6 %     0 %   100 %
node              17.9 %   0.5 %  98.9 %
redis-server      16.9 %   3.6 %   100 %
ingestd            8.4 %     0 %   100 %
legacyd            4.1 %     0 %   7.3 %
by origin
own         66.4 % ####################
runtime     15.0 % ####
library     14.0 % ####
kernel       4.1 % #
unresolved   0.6 %

! legacyd: 3 of 41 stacks whole (no_row: no unwind row in
    legacyd; build it with -fasynchronous-unwind-tables or
    -fno-omit-frame-pointer)
)");
}

TEST(SummaryTest, NoLineIsWiderThanTheTerminal) {
  ProfileBuilder b = busy_host();
  b.profile.meta.host = std::string(300, 'h');
  b.profile.meta.lost = {{"ring_full", 123'456'789'012'345}, {"missed", 99'999'999}};
  b.add(std::string(300, 'p') + ":8", std::string(4096, 'f') + "@/lib/" + std::string(300, 'i'),
        500, SONDE_STOP_FP_IMPLAUSIBLE, "/lib/" + std::string(300, 'i'));
  b.add("早い:8", "関数名はとても長いので切らなければならないのです@/lib/図書館.so", 500);
  for (const bool utf8 : {true, false}) {
    for (const std::size_t width : {40U, 50U, 79U, 80U, 81U, 100U, 120U, 200U}) {
      std::istringstream lines(screen(b.profile, terminal_of(width, utf8)));
      for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(display_width(line), width) << line;
      }
    }
  }
}

TEST(SummaryTest, TheScreenFitsTwentyFourLines) {
  const std::string text = screen(busy_host().profile, terminal_of(80),
                                  {.function_rows = std::nullopt, .lines_after = 1});
  const auto lines = std::count(text.begin(), text.end(), '\n');
  EXPECT_LE(lines + 1, 24);
  EXPECT_GE(lines + 1, 22);
}

TEST(SummaryTest, HostileNamesCannotMoveTheCursorOrRecolour) {
  ProfileBuilder b;
  b.add("\x1b[2Jevil:3",
        "\x1b]0;title\x07"
        "f\u202eexe\r\n@/lib/\x9b"
        "31m.so",
        10, SONDE_STOP_NO_ROW, "/lib/\x1b[31m");
  b.profile.meta.host = "\x1b[7mhost";
  b.profile.meta.lost = {{"\x1b[5m", 3}};
  for (const bool utf8 : {true, false}) {
    const std::string text = screen(b.profile, terminal_of(80, utf8));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, Not(HasSubstr("\u202e")));
    EXPECT_THAT(text, Not(HasSubstr("\r")));
    EXPECT_THAT(text, Not(HasSubstr("\x9b")));
    EXPECT_THAT(text, HasSubstr("\\x1b[2Jevil"));
  }
}

TEST(SummaryTest, ColourOnlyWhereItIsAskedFor) {
  EXPECT_THAT(screen(busy_host().profile, terminal_of(80, true, true)), HasSubstr("\x1b[33m!"));
  EXPECT_THAT(screen(busy_host().profile, terminal_of(80, true, false)), Not(HasSubstr("\x1b")));
}

TEST(SummaryTest, LostSamplesAreNamedByReason) {
  ProfileBuilder b = busy_host();
  b.profile.meta.lost = {{"missed", 2}, {"ring_full", 12}, {"stack_limit", 0}};
  const std::string text = screen(b.profile, terminal_of(80));
  EXPECT_THAT(text, HasSubstr("lost 14 (1.4 %)"));
  EXPECT_THAT(text, HasSubstr("! lost samples: missed 2, ring_full 12\n"));
  // Missed ticks weigh against all ticks, most of which are idle ones.
  b.profile.meta.ticks.expected = 100'000;
  EXPECT_THAT(screen(b.profile, terminal_of(80)), HasSubstr("lost 14 (1.2 %)"));
}

TEST(SummaryTest, EarlySamplesAreACountOfTheirOwn) {
  ProfileBuilder b;
  b.add("a:1", "main", 99).add("b:2", "x", 21, SONDE_STOP_NO_MAPPING);
  const std::string text = screen(b.profile, terminal_of(80));
  EXPECT_THAT(text, HasSubstr("stacks 100 % whole"));
  EXPECT_THAT(text, HasSubstr("21 samples taken before their code was known"));
  EXPECT_THAT(text, Not(HasSubstr("! b")));
}

TEST(SummaryTest, AFewCutStacksDoNotFillTheScreen) {
  ProfileBuilder b;
  for (int i = 0; i < 9; ++i) {
    b.add("cut" + std::to_string(i) + ":1", "x", 50, SONDE_STOP_DEPTH);
  }
  b.add("fine:1", "x", 1000).add("fine:1", "y", 5, SONDE_STOP_READ_FAULT);
  const std::string text = screen(b.profile, terminal_of(80));
  EXPECT_THAT(text, HasSubstr("! 7 more processes have cut stacks"));
  EXPECT_THAT(text, Not(HasSubstr("! fine")));
}

TEST(SummaryTest, AnIdleRecordingSaysSo) {
  SymbolizedProfile profile;
  profile.meta.duration_ns = 1'000'000'000;
  EXPECT_THAT(screen(profile, terminal_of(80)),
              HasSubstr("Nothing that was asked for ran on the CPUs in this time.\n"));
}

TEST(SummaryTest, AForeignFileWithoutCircumstancesStillHasAHead) {
  ProfileBuilder b;
  b.add("a:1", "main", 3);
  EXPECT_THAT(screen(b.profile, terminal_of(80)), ::testing::StartsWith("3 samples, 30 ms CPU\n"));
}

}  // namespace
}  // namespace sonde
