// SPDX-License-Identifier: Apache-2.0
// `sonde doctor`: tries every operation that recording and the agent need and says, for each that
// fails, the cause, the exact fix and what works until then.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/cli/exit_code.h"
#include "agent/cli/options.h"
#include "agent/cli/terminal.h"
#include "core/base/json.h"

namespace sonde {

enum class CheckStatus {
  kOk,
  kLimited,  // works with less; never changes the exit code
  kFailed,
  kSkipped,  // not tried, because an earlier check failed
};

struct CheckResult {
  CheckStatus status = CheckStatus::kOk;
  std::string detail = {};  // what was found, put in parentheses
  std::string cause = {};   // the rest: only if not ok
  std::string fix = {};
  std::string until = {};         // what works until it is fixed
  ExitCode code = kExitDegraded;  // of a failure: 3 or 4 = nothing can be recorded
  bool ends_agent = false;        // of a failure: `sonde run` does not start
};

// One operation. `run` is called once, in the order of the list. A name that ends in a colon is
// followed by the detail as it is.
struct DoctorCheck {
  std::string name;
  std::function<CheckResult()> run;
};

struct CheckedLine {
  std::string name;
  CheckResult result;
};

std::vector<CheckedLine> run_checks(const std::vector<DoctorCheck>& checks);
// The list of this host; see doctor_checks.cc.
std::vector<DoctorCheck> host_checks(const DoctorOptions& options);
// What `sonde run` needs besides; see doctor_agent.cc.
std::vector<DoctorCheck> agent_checks(const DoctorOptions& options);

// `✓`, `!`, `✗` or `-` in its colour, or an ASCII twin.
std::string sign_of(CheckStatus status, const Pen& pen);
std::string render_checks(const std::vector<CheckedLine>& lines, const Pen& pen);
Json checks_json(const std::vector<CheckedLine>& lines);
// 0, or the gravest: 3 and 4 (nothing can be recorded) before 5.
ExitCode exit_code_of(const std::vector<CheckedLine>& lines);

int run_doctor(const DoctorOptions& options);

}  // namespace sonde
