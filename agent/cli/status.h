// SPDX-License-Identifier: Apache-2.0
// `sonde status`: how the running agent is, on one screen.
#pragma once

#include <string>
#include <string_view>

#include "agent/cli/exit_code.h"
#include "agent/cli/options.h"
#include "agent/cli/terminal.h"
#include "core/base/json.h"

namespace sonde {

// What the agent says of itself.
struct AgentAnswers {
  std::string url;  // `http://127.0.0.1:7663`
  Json status;      // /api/v1/status
  Json health;      // /api/v1/health of the last 15 minutes
};

// Whole lines, none wider than the terminal but those with a command to copy.
std::string render_status(const AgentAnswers& agent, const Pen& pen);
// 5 if the agent does not sample or lacks something that a fix is known for, else 0.
ExitCode exit_code_of(const AgentAnswers& agent);

int run_status(const StatusOptions& options);

}  // namespace sonde
