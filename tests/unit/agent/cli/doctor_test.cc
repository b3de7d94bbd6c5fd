// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/doctor.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

Pen plain(bool utf8 = true) { return Pen(Terminal{.utf8 = utf8, .width = 80}); }

std::vector<CheckedLine> some_of_each() {
  return {
      {"perf_event_open", {.detail = "cpu-clock, CPUs 0-1"}},
      {"own stack:", {.detail = "14 of 14 frames as expected"}},
      {"read maps of other users' processes",
       {.status = CheckStatus::kFailed,
        .cause = "no CAP_SYS_PTRACE (the kernel asks it for another user's maps)",
        .fix = "run as root, or:\n  sudo setcap "
               "cap_bpf,cap_perfmon,cap_sys_ptrace,cap_syslog,cap_checkpoint_restore+ep sonde",
        .until = "only your own processes get names; others show file+offset"}},
      {"cache of unwind rows", {.status = CheckStatus::kLimited, .cause = "read-only file system"}},
      {"worker", {.status = CheckStatus::kSkipped}}};
}

TEST(DoctorTest, EveryLineSaysWhatWasTriedAndAFailureWhatToDo) {
  EXPECT_EQ(render_checks(some_of_each(), plain()),
            "✓ perf_event_open (cpu-clock, CPUs 0-1)\n"
            "✓ own stack: 14 of 14 frames as expected\n"
            "✗ read maps of other users' processes\n"
            "    cause  no CAP_SYS_PTRACE (the kernel asks it for another user's maps)\n"
            "    fix    run as root, or:\n"
            "           sudo setcap cap_bpf,cap_perfmon,cap_sys_ptrace,cap_syslog,"
            "cap_checkpoint_restore+ep sonde\n"
            "    until  only your own processes get names; others show file+offset\n"
            "! cache of unwind rows\n"
            "    cause  read-only file system\n"
            "- worker: not tried\n"
            "2 ok, 1 failed, 1 limited, 1 not tried. sonde can start, degraded.\n");
}

TEST(DoctorTest, AFailureOfTheAgentAloneIsNoFailureOfRecording) {
  const std::vector<CheckedLine> lines = {
      {"listen address", {.status = CheckStatus::kFailed, .ends_agent = true}}};
  EXPECT_EQ(exit_code_of(lines), kExitDegraded);
  EXPECT_FALSE(checks_json(lines)["agent_can_start"].get<bool>());
  EXPECT_NE(render_checks(lines, plain()).find("sonde can record, but sonde run does not start"),
            std::string::npos);
  EXPECT_TRUE(
      checks_json({{"x", {.status = CheckStatus::kFailed}}})["agent_can_start"].get<bool>());
  EXPECT_FALSE(
      checks_json(
          {{"x", {.status = CheckStatus::kFailed, .code = kExitNoPermission}}})["agent_can_start"]
          .get<bool>());
}

TEST(DoctorTest, TheGravestFailureIsTheExitCode) {
  const auto with = [](std::vector<ExitCode> codes) {
    std::vector<CheckedLine> lines = {{"fine", {}}};
    for (const ExitCode code : codes) {
      lines.push_back({"x", {.status = CheckStatus::kFailed, .code = code}});
    }
    return exit_code_of(lines);
  };
  EXPECT_EQ(with({}), kExitOk);
  EXPECT_EQ(with({kExitDegraded}), kExitDegraded);
  EXPECT_EQ(with({kExitDegraded, kExitNoPermission}), kExitNoPermission);
  EXPECT_EQ(with({kExitNoPermission, kExitDegraded}), kExitNoPermission);
  EXPECT_EQ(with({kExitNoPermission, kExitUnsupportedKernel}), kExitUnsupportedKernel);
}

TEST(DoctorTest, ALimitOrASkippedCheckChangesNoExitCode) {
  EXPECT_EQ(exit_code_of(std::vector<CheckedLine>{{"a", {.status = CheckStatus::kLimited}},
                                                  {"b", {.status = CheckStatus::kSkipped}}}),
            kExitOk);
}

TEST(DoctorTest, ChecksRunInOrderOnce) {
  std::string order;
  const auto check = [&order](char letter) {
    return DoctorCheck{std::string(1, letter), [&order, letter] {
                         order += letter;
                         return CheckResult{};
                       }};
  };
  EXPECT_EQ(run_checks({check('a'), check('b'), check('c')}).size(), 3U);
  EXPECT_EQ(order, "abc");
}

TEST(DoctorTest, JsonHoldsEveryPart) {
  const Json out = checks_json(some_of_each());
  EXPECT_EQ(out["exit_code"], 5);
  EXPECT_EQ(out["failed"], 1);
  EXPECT_EQ(out["checks"][1]["name"], "own stack");
  EXPECT_EQ(out["checks"][2]["status"], "failed");
  EXPECT_EQ(out["checks"][4]["status"], "not tried");
}

}  // namespace
}  // namespace sonde
