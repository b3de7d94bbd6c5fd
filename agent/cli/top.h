// SPDX-License-Identifier: Apache-2.0
// `sonde top`: who uses the CPUs now, every two seconds, by a profiling session of its own.
#pragma once

#include "agent/cli/options.h"

namespace sonde {

// On a terminal with keys until the user leaves; elsewhere, with a count or as JSON frame after
// frame to stdout. Returns the exit code: 130 if stopped before the first window.
int run_top(const TopOptions& options);

}  // namespace sonde
