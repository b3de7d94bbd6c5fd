// SPDX-License-Identifier: Apache-2.0
// `sonde run`: the agent in the foreground, until a signal ends it.
#pragma once

#include "agent/cli/options.h"

namespace sonde {

// 0 after a clean stop; else an exit code of docs, with the reason on stderr.
int run_agent(const RunOptions& options);

}  // namespace sonde
