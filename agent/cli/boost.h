// SPDX-License-Identifier: Apache-2.0
// `sonde boost`: asks the running agent to sample some processes more often for a while.
#pragma once

#include <string>

#include "agent/cli/options.h"
#include "agent/cli/terminal.h"
#include "core/base/json.h"

namespace sonde {

// What to ask the agent for, below /api/v1.
std::string boost_request(const BoostOptions& options);
// What the agent answered, as one line.
std::string render_boost(const BoostOptions& options, const Json& answer, const Pen& pen);

int run_boost(const BoostOptions& options);

}  // namespace sonde
