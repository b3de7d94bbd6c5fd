// SPDX-License-Identifier: Apache-2.0
// `sonde record`: one profiling session from the command line to the file and the summary.
#pragma once

#include "agent/cli/options.h"

namespace sonde {

// Records, writes the file, prints the summary to stdout (to stderr with `-o -`), returns the
// exit code: the command's own once it has started.
int run_record(const RecordOptions& options);

}  // namespace sonde
