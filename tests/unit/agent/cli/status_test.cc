// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/cli/text.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Pen plain(std::size_t width = 80) { return Pen(Terminal{.utf8 = true, .width = width}); }

// Of an agent that lacks nothing.
AgentAnswers healthy() {
  return {
      .url = "http://127.0.0.1:7663",
      .status = *parse_json(R"({"v":1,"version":"0.4.0","now":1000280800000,"started":1000000000000,
            "rate":19,"window_ms":10000,"ready":true,"ready_why":"the last clock tick was 0 s ago",
            "history":{"first":1000000000000,"last":1000280790000,"bytes":327155712,
                       "limit_bytes":536870912},"degraded":[]})"),
      .health = *parse_json(R"({"v":1,"now":1000280800000,"errors":[],
            "trust":{"produced":30006,"lost":6,"whole":29800,"early":20},
            "books":{"expected":40000,"missed":0,"unaccounted":0,
                     "lost":[{"reason":"ring_full","samples":2},{"reason":"process_gone","samples":4}]},
            "executables":[{},{},{}],"executables_more":{"executables":50},
            "budgets":[{"name":"cpu","unit":"percent","now":0.27,"limit":1},
                       {"name":"kernel_maps","unit":"bytes","now":24117248,"limit":67108864},
                       {"name":"rss","unit":"bytes","now":48234496,"limit":83886080},
                       {"name":"rate","unit":"hertz","now":19,"limit":19}],
            "exporters":[]})")};
}

TEST(StatusTest, AHealthyAgentIsFourLines) {
  EXPECT_EQ(render_status(healthy(), plain()),
            "sonde 0.4.0, up 3 d 6 h, http://127.0.0.1:7663, 19 Hz, 53 executables\n"
            "✓ stacks 99.4 % whole, 0.02 % lost (4 process_gone, 2 ring_full in 15 min)\n"
            "✓ CPU 0.27 of 1 %   RSS 46 of 80 MiB   kernel maps 23 of 64 MiB\n"
            "✓ history 312 of 512 MiB, 3 d 6 h\n");
  EXPECT_EQ(exit_code_of(healthy()), kExitOk);
}

TEST(StatusTest, TheShareOfTheKernelsAccountingIsSaidIfItIsKnownWellEnough) {
  AgentAnswers agent = healthy();
  agent.health["accounting"] = *parse_json(
      R"({"of":"host","sampled_ns":993000000,"kernel_ns":1000000000,"sigma_ns":8000000})");
  EXPECT_THAT(render_status(agent, plain()),
              HasSubstr("✓ samples account for 99.3 % of the CPU charged to the host, ± 0.8\n"));
  agent.health["accounting"]["sigma_ns"] = 60'000'000;
  EXPECT_THAT(render_status(agent, plain()), Not(HasSubstr("account for")));
  agent.health["accounting"] = *parse_json(R"({"sampled_ns":0,"kernel_ns":0,"sigma_ns":0})");
  EXPECT_THAT(render_status(agent, plain()), Not(HasSubstr("account for")));
}

TEST(StatusTest, ABoostSaysWhoAndForHowLong) {
  AgentAnswers agent = healthy();
  const std::uint64_t now = agent.status["now"].get<std::uint64_t>();
  agent.status["boosts"] =
      Json::array({{{"id", 3}, {"match", "process=a\x1b"}, {"until", now + 90'000}, {"rate", 95}}});
  EXPECT_THAT(render_status(agent, plain()),
              AllOf(HasSubstr("✓ boost 3: process=a"), HasSubstr(" at 95 Hz, 1 min 30 s left;"),
                    Not(HasSubstr("\x1b"))));
}

TEST(StatusTest, ALoweredRateSaysWhy) {
  AgentAnswers agent = healthy();
  agent.status["divisor"] = 2;
  agent.health["budgets"][3]["words"] = "CPU 1.31 % of 1 %: one tick of 2 is kept";
  const std::string text = render_status(agent, plain());
  EXPECT_THAT(text, HasSubstr(", 9.5 of 19 Hz, "));
  EXPECT_THAT(text, HasSubstr("\n! CPU 1.31 % of 1 %: one tick of 2 is kept\n"));
}

TEST(StatusTest, AnExporterThatWaitsSaysForWhat) {
  AgentAnswers agent = healthy();
  agent.health["exporters"] = *parse_json(
      R"([{"name":"otlp","state":"up","windows":0},{"name":"file","state":"off"},
          {"name":"pyroscope","state":"retrying","windows":2,"bytes":4299162,"oldest":1000280700000,
           "answer":"HTTP 503"}])");
  const std::string text = render_status(agent, plain());
  EXPECT_THAT(text, HasSubstr("✓ otlp: up\n"
                              "! pyroscope: retrying; 2 windows (4.1 MiB) wait, oldest 1 min 40 s, "
                              "HTTP 503\n"));
  EXPECT_THAT(text, Not(HasSubstr("file")));
}

TEST(StatusTest, WhatIsMissingHasItsFixAndExitCode5) {
  AgentAnswers agent = healthy();
  agent.status["degraded"] = *parse_json(
      R"([{"what":"profiles","error":"no CAP_SYS_PTRACE","fix":"sudo setcap cap_sys_ptrace+ep sonde"}])");
  EXPECT_THAT(render_status(agent, plain()),
              HasSubstr("! profiles: no CAP_SYS_PTRACE\n"
                        "    fix    sudo setcap cap_sys_ptrace+ep sonde\n"));
  EXPECT_EQ(exit_code_of(agent), kExitDegraded);
  agent.status["degraded"][0]["fix"] = "";
  EXPECT_EQ(exit_code_of(agent), kExitOk);
}

TEST(StatusTest, AnAgentWithoutTicksIsNotReady) {
  AgentAnswers agent = healthy();
  agent.status["ready"] = false;
  agent.status["ready_why"] = "no clock tick seen for 60 s";
  agent.health["trust"] = Json::object();
  const std::string text = render_status(agent, plain());
  EXPECT_THAT(text, HasSubstr("✗ no profiles: no clock tick seen for 60 s\n"));
  EXPECT_THAT(text, HasSubstr("- no samples in the last 15 min\n"));
  EXPECT_EQ(exit_code_of(agent), kExitDegraded);
}

TEST(StatusTest, SignsFollowTheFigures) {
  AgentAnswers agent = healthy();
  agent.health["trust"]["whole"] = 28'800;
  agent.health["budgets"][0]["now"] = 1.3;
  std::string text = render_status(agent, plain());
  EXPECT_THAT(text, HasSubstr("! stacks 96.1 % whole"));
  EXPECT_THAT(text, HasSubstr("! CPU 1.30 of 1 %"));
  agent.health["trust"] = *parse_json(R"({"produced":30000,"lost":900,"whole":29100,"early":0})");
  agent.health["books"]["lost"] = *parse_json(
      R"([{"reason":"a","samples":100},{"reason":"b","samples":500},{"reason":"c","samples":200},
          {"reason":"d","samples":60},{"reason":"e","samples":40}])");
  EXPECT_THAT(render_status(agent, plain()),
              HasSubstr("✗ stacks 100 % whole, 3.0 % lost (500 b, 200 c, 100 a, 100 others in 15 "
                        "min)\n"));
}

TEST(StatusTest, TicksThatAreUnaccountedForAreAFaultOfSonde) {
  AgentAnswers agent = healthy();
  agent.health["books"]["unaccounted"] = -3;
  EXPECT_THAT(render_status(agent, plain()),
              HasSubstr("✗ 3 ticks are unaccounted for, a fault of sonde: please report it\n"));
}

TEST(StatusTest, ABudgetWithoutALimitIsItsUse) {
  AgentAnswers agent = healthy();
  for (Json& one : agent.health["budgets"]) one["limit"] = 0;
  agent.status["history"]["limit_bytes"] = 0;
  agent.status["history"]["last"] = 0;
  const std::string text = render_status(agent, plain());
  EXPECT_THAT(text, HasSubstr("✓ CPU 0.27 %   RSS 46 MiB   kernel maps 23 MiB\n"));
  EXPECT_THAT(text, HasSubstr("✓ history 312 MiB, nothing stored yet\n"));
}

TEST(StatusTest, NoLineIsWiderThanTheTerminalAndNoNameMovesTheCursor) {
  AgentAnswers agent = healthy();
  agent.health["errors"] = Json::array({std::string(300, 'x') + "\x1b[2J"});
  agent.status["version"] = "\x1b]0;owned\x07";
  const std::string text = render_status(agent, plain(40));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    EXPECT_LE(display_width(text.substr(at, text.find('\n', at) - at)), 40U);
  }
}

TEST(StatusTest, AnswersOfAnyShapeArePrinted) {
  for (const char* shape : {"{}", "[]", "null", "3", R"({"history":7,"degraded":[1,[]]})",
                            R"({"trust":[],"books":{"lost":[3]},"budgets":[{},3],
                                "exporters":[null,{"windows":-1}],"errors":[{}]})"}) {
    const Json value = *parse_json(shape);
    EXPECT_THAT(render_status({"http://x", value, value}, plain()), HasSubstr("sonde ")) << shape;
  }
}

}  // namespace
}  // namespace sonde
