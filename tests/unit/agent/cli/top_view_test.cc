// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

// The host of the manual's screen: 2 s on 2 CPUs.
TopWindow busy_host() {
  ProfileBuilder b;
  for (int i = 0; i < 24; ++i) {
    const std::string process = "postgres:" + std::to_string(1412 + i);
    b.add(process, "main;exec_simple_query;ExecScanHashBucket", 4);
    b.add(process, "main;read@/lib/libc.so.6;vfs_read@[kernel.kallsyms]", 1);
  }
  b.add("node:2207", "main;applyDiscounts cart.js:73@[jit]", 48)
      .add("node:2207", "main;write@/lib/libc.so.6;tcp_sendmsg@[kernel.kallsyms]", 20)
      .add("redis-server:988", "main;zslGetElementByRank", 38)
      .add("redis-server:988", "main;write@/lib/libc.so.6;tcp_sendmsg@[kernel.kallsyms]", 16)
      .add("nginx:1033", "main;ecp_nistz256_point_mul@/usr/lib/libcrypto.so.3", 13)
      .add("nginx:1034", "main;ecp_nistz256_point_mul@/usr/lib/libcrypto.so.3", 13)
      .add("nginx:1035", "main;writev@/lib/libc.so.6;tcp_sendmsg@[kernel.kallsyms]", 12)
      .add("ingestd:3120", "main;ZSTD_compressBlock_doubleFast@/usr/lib/libzstd.so.1", 22)
      .add("ingestd:3120", "main", 2, SONDE_STOP_NO_ROW);
  for (int i = 0; i < 38; ++i) {
    b.add("job" + std::to_string(i) + ":" + std::to_string(5000 + i),
          i < 12 ? "net_rx_action@[kernel.kallsyms]" : "main", i == 0 ? 2 : 1);
  }
  b.add("sonde:4011", "main", 1);
  ProfileMeta& meta = b.profile.meta;
  meta.host = "web-7";
  meta.duration_ns = 2'000'000'000;
  meta.cpu_count = 2;
  meta.rate_hz = 99;
  meta.cost.cpu_seconds = 0.004;
  TopWindow out{.profile = std::move(b.profile), .cgroups = {}, .own_pids = {4011}};
  for (const ProfileProcess& process : out.profile.processes) {
    out.cgroups.push_back(process.name == "postgres"
                              ? "/system.slice/system-postgresql.slice/postgresql@15-main.service"
                          : process.name == "nginx" ? "/system.slice/nginx.service"
                                                    : "/");
  }
  return out;
}

std::string joined(const Lines& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

constexpr std::size_t kLines = 24;

struct Shown {
  TopState state{};
  std::size_t height = kLines;
  bool has_keys = true;
  std::vector<std::string> limits{};
  std::size_t windows = 1;  // of the trend

  [[nodiscard]] Lines lines(const TopWindow& window, const Terminal& terminal) const {
    TopTrends trends;
    for (std::size_t i = 0; i < windows; ++i) trends.add(window, true);
    return top_lines(window, trends, state,
                     {.height = height,
                      .has_keys = has_keys,
                      .clock = "14:17:12",
                      .length = "2 s",
                      .limits = limits},
                     Pen(terminal));
  }
  [[nodiscard]] std::string screen(const TopWindow& window, const Terminal& terminal) const {
    return joined(lines(window, terminal));
  }
};

TEST(TopViewTest, EightyColumns) {
  EXPECT_EQ(Shown{}.screen(busy_host(), terminal_of(80)),
            R"(web-7 14:17:12 live 2 s   CPU █████████████░░ 1.72 of 2
stacks 99.4 % whole, 0 lost   344 samples at 99 Hz

PROCESS                  PID    CPU   KERN  HOTTEST FUNCTION
                              cores
postgres ×24            1412   0.60   0.12  ExecScanHashBucket
node                    2207   0.34   0.10  applyDiscounts cart.js:73
redis-server             988   0.27   0.08  zslGetElementByRank
nginx ×3                1033   0.19   0.06  ecp_nistz256_point_mul
ingestd                 3120   0.12   0.00  ZSTD_compressBlock_doubleFast
job0                    5000   0.01   0.01  [kernel] net_rx_action
job1                    5001   0.01   0.01  [kernel] net_rx_action
job10                   5010   0.01   0.01  [kernel] net_rx_action
job11                   5011   0.01   0.01  [kernel] net_rx_action
job2                    5002   0.01   0.01  [kernel] net_rx_action
job3                    5003   0.01   0.01  [kernel] net_rx_action
job4                    5004   0.01   0.01  [kernel] net_rx_action
job5                    5005   0.01   0.01  [kernel] net_rx_action
job6                    5006   0.01   0.01  [kernel] net_rx_action
job7                    5007   0.01   0.01  [kernel] net_rx_action
28 others                  -   0.14   0.01  [kernel] net_rx_action
sonde                   4011   0.00      -  -

p processes  c cgroups  f functions  s sort: CPU  / find  Enter stacks  q quit
)");
}

TEST(TopViewTest, AHundredAndTwentyColumnsHaveSharesPlacesAndTrends) {
  EXPECT_EQ((Shown{.height = 14, .windows = 4}.screen(busy_host(), terminal_of(120))),
            R"(web-7 14:17:12 live 2 s   CPU █████████████░░ 1.72 of 2
stacks 99.4 % whole, 0 lost   344 samples at 99 Hz

PROCESS                  PID    CPU   KERN    WHOLE  TREND         HOTTEST FUNCTION             WHERE
                              cores
postgres ×24            1412   0.60   0.12    100 %  ████          ExecScanHashBucket           postgres
node                    2207   0.34   0.10    100 %  ████          applyDiscounts cart.js:73
redis-server             988   0.27   0.08    100 %  ████          zslGetElementByRank          redis-server
nginx ×3                1033   0.19   0.06    100 %  ████          ecp_nistz256_point_mul       libcrypto.so.3
ingestd                 3120   0.12   0.00   91.7 %  ████          …compressBlock_doubleFast    libzstd.so.1
38 others                  -   0.20   0.07    100 %                net_rx_action                [kernel]
sonde                   4011   0.00      -        -                -

p processes  c cgroups  f functions  s sort: CPU  / find  Enter stacks  Space hold  k kernel  q quit
)");
}

TEST(TopViewTest, AsciiOnlyWithoutUtf8) {
  EXPECT_EQ((Shown{.state = {.selected = "node"}, .height = 12}.screen(busy_host(),
                                                                       terminal_of(60, false))),
            R"(web-7 14:17:12 live 2 s   CPU 1.72 of 2
stacks 99.4 % whole, 0 lost   344 samples at 99 Hz

PROCESS             CPU   KERN  HOTTEST FUNCTION
                  cores
postgres x24       0.60   0.12  ExecScanHashBucket
> node             0.34   0.10  applyDiscounts cart.js:73
redis-server       0.27   0.08  zslGetElementByRank
42 others          0.51   0.12  ecp_nistz256_point_mul
sonde              0.00      -  -

p processes  c cgroups  f functions  s sort: CPU  q quit
)");
}

TEST(TopViewTest, ControlGroups) {
  EXPECT_EQ(
      (Shown{.state = {.by = TopBy::kCgroup}, .height = 12}.screen(busy_host(), terminal_of(80))),
      R"(web-7 14:17:12 live 2 s   CPU █████████████░░ 1.72 of 2
stacks 99.4 % whole, 0 lost   344 samples at 99 Hz

CGROUP                             PROCS    CPU   KERN  HOTTEST FUNCTION
                                          cores
/                                     41   0.93   0.24  applyDiscounts
…lice/postgresql@15-main.service      24   0.60   0.12  ExecScanHashBucket
/system.slice/nginx.service            3   0.19   0.06  ecp_nistz256_point_mul
sonde                                  1   0.00      -  -


p processes  c cgroups  f functions  s sort: CPU  / find  Enter stacks  q quit
)");
}

TEST(TopViewTest, Functions) {
  EXPECT_EQ(
      (Shown{.state = {.by = TopBy::kFunction}, .height = 14}.screen(busy_host(), terminal_of(80))),
      R"(web-7 14:17:12 live 2 s   CPU █████████████░░ 1.72 of 2
stacks 99.4 % whole, 0 lost   344 samples at 99 Hz

FUNCTION                                       SELF  TOTAL  WHERE
                                              cores
ExecScanHashBucket                             0.48   0.48  postgres
applyDiscounts cart.js:73                      0.24   0.24
tcp_sendmsg                                    0.24   0.24  [kernel]
zslGetElementByRank                            0.19   0.19  redis-server
ecp_nistz256_point_mul                         0.13   0.13  libcrypto.so.3
38 others                                      0.43      -
sonde                                          0.00      -

p processes  c cgroups  f functions  s sort: SELF  / find  Enter stacks  q quit
)");
}

TEST(TopViewTest, StacksOfARow) {
  EXPECT_EQ((Shown{.state = {.stacks = true, .selected = "node"}, .height = 12}.screen(
                busy_host(), terminal_of(80))),
            R"(web-7 14:17:12 live 2 s   CPU █████████████░░ 1.72 of 2
stacks 99.4 % whole, 0 lost   344 samples at 99 Hz

node   0.34 cores, 68 samples

  100 %  main
 70.6 %  ├ applyDiscounts cart.js:73
 29.4 %  └ write ▸ tcp_sendmsg



Esc back  Space hold  k kernel  q quit
)");
}

TEST(TopViewTest, CallersOfAFunction) {
  const TopState state{
      .by = TopBy::kFunction, .stacks = true, .selected = "tcp_sendmsg\n[kernel.kallsyms]"};
  EXPECT_EQ((Shown{.state = state, .height = 12}.screen(busy_host(), terminal_of(80))),
            R"(web-7 14:17:12 live 2 s   CPU █████████████░░ 1.72 of 2
stacks 99.4 % whole, 0 lost   344 samples at 99 Hz

tcp_sendmsg   0.24 cores, 48 samples, by callers

  100 %  tcp_sendmsg
 75.0 %  ├ write
 41.7 %  │ ├ main
 33.3 %  │ └ main
 25.0 %  └ writev ▸ main

Esc back  Space hold  k kernel  q quit
)");
}

TEST(TopViewTest, WhatIsNotThereAnyMoreIsSaid) {
  const TopState state{.stacks = true, .selected = "gone"};
  EXPECT_THAT(Shown{.state = state}.screen(busy_host(), terminal_of(80)),
              HasSubstr("\ngone: not on the CPUs in this window\n"));
}

TEST(TopViewTest, NoLineIsWiderThanTheTerminalInAnyState) {
  std::vector<TopState> states;
  for (const TopBy by : {TopBy::kProcess, TopBy::kCgroup, TopBy::kFunction}) {
    states.push_back({.by = by});
    states.push_back({.by = by, .kernel = false, .held = true, .find = std::string(64, 'x')});
    states.push_back({.by = by, .stacks = true, .selected = by == TopBy::kProcess ? "node" : "/"});
    states.push_back({.by = by, .types = true, .find = std::string(64, 'x')});
  }
  for (const TopState& state : states) {
    for (const std::size_t width : {40UL, 63UL, 64UL, 79UL, 80UL, 119UL, 120UL, 200UL}) {
      for (const bool utf8 : {true, false}) {
        const Lines lines = Shown{.state = state, .limits = {std::string(300, 'w')}}.lines(
            busy_host(), terminal_of(width, utf8));
        EXPECT_EQ(lines.size(), kLines);
        for (const std::string& line : lines) ASSERT_LE(display_width(line), width) << line;
      }
    }
  }
}

TEST(TopViewTest, AFrameWithoutKeysIsAsLongAsItsRows) {
  const Lines lines = Shown{.has_keys = false}.lines(busy_host(), terminal_of(80));
  EXPECT_EQ(lines.size(), kLines);
  EXPECT_THAT(lines.back(), HasSubstr("sonde"));
  ProfileBuilder none;
  const TopWindow idle{.profile = none.profile, .cgroups = {}, .own_pids = {}};
  EXPECT_EQ((Shown{.has_keys = false}.lines(idle, terminal_of(80)).size()), 6U);
}

TEST(TopViewTest, ASmallTerminalHasItsHeadAndItsKeys) {
  for (std::size_t height = 2; height < 10; ++height) {
    const Lines lines = Shown{.height = height}.lines(busy_host(), terminal_of(80));
    EXPECT_EQ(lines.size(), height);
    EXPECT_THAT(lines.front(), HasSubstr("web-7"));
    EXPECT_THAT(lines.back(), HasSubstr("q quit"));
  }
}

TEST(TopViewTest, TheSelectedRowStaysOnTheScreen) {
  const std::string screen =
      Shown{.state = {.selected = "job37"}, .height = 12}.screen(busy_host(), terminal_of(80));
  EXPECT_THAT(screen, HasSubstr("▸ job37"));
  EXPECT_THAT(screen, Not(HasSubstr("postgres")));
}

TEST(TopViewTest, HostileNamesAreShownEscaped) {
  ProfileBuilder b;
  b.add("\x1b[2Jevil:1",
        "\xe2\x80\xae"
        "fn\n\x07",
        5);
  b.profile.meta.host = "\x1b]0;host\x07";
  b.profile.meta.duration_ns = 2'000'000'000;
  const TopWindow window{.profile = b.profile, .cgroups = {"/\x1b[1m"}, .own_pids = {}};
  for (const TopBy by : {TopBy::kProcess, TopBy::kCgroup, TopBy::kFunction}) {
    for (const bool stacks : {false, true}) {
      for (const bool utf8 : {false, true}) {
        TopState state{.by = by, .stacks = stacks, .find = "", .selected = ""};
        state.selected = listed_rows(window, state).front().key;
        for (const std::string& line :
             Shown{.state = state}.lines(window, terminal_of(120, utf8))) {
          EXPECT_THAT(line, Not(HasSubstr("\x1b")));
          EXPECT_THAT(line, Not(HasSubstr("\xe2\x80\xae")));
          EXPECT_THAT(line, Not(HasSubstr("\n")));
          EXPECT_THAT(line, Not(HasSubstr("\x07")));
        }
      }
    }
  }
}

TEST(TopViewTest, WhatIsFoundIsListedAndTheRestIsOthers) {
  const std::string screen = Shown{.state = {.find = "redis"}}.screen(busy_host(), terminal_of(80));
  EXPECT_THAT(screen, HasSubstr("redis-server"));
  EXPECT_THAT(screen, HasSubstr("67 others"));
  EXPECT_THAT(screen, HasSubstr("/ redis"));
  EXPECT_THAT(screen, Not(HasSubstr("postgres")));
}

TEST(TopViewTest, LossesAndLimitsAreOnTheScreen) {
  TopWindow window = busy_host();
  window.profile.meta.lost = {{"ring_full", 1200}};
  window.profile.meta.notes = {{"windows_left_out", 2}};
  const std::string screen = Shown{.limits = {"no kernel stacks"}}.screen(window, terminal_of(120));
  EXPECT_THAT(screen, HasSubstr("1,200 lost"));
  EXPECT_THAT(screen, HasSubstr("2 windows left out"));
  EXPECT_THAT(screen, HasSubstr("! no kernel stacks"));
}

TEST(TopViewTest, ColoursAreOnlyWhereTheyAreWanted) {
  EXPECT_THAT(Shown{}.screen(busy_host(), terminal_of(80)), Not(HasSubstr("\x1b")));
  EXPECT_THAT(Shown{}.screen(busy_host(), terminal_of(80, true, true)), HasSubstr("\x1b["));
}

TEST(TopViewTest, BeforeTheFirstWindowItSaysSo) {
  const Lines lines =
      top_waiting_lines({.height = 10, .length = "2 s", .limits = {"limit"}}, Pen(terminal_of(80)));
  EXPECT_EQ(lines.size(), 10U);
  EXPECT_EQ(lines.front(), "the first 2 s are being sampled");
  EXPECT_EQ(lines[1], "! limit");
  EXPECT_EQ(lines.back(), "q quit");
}

}  // namespace
}  // namespace sonde
