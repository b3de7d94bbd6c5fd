// SPDX-License-Identifier: Apache-2.0
// `sonde report FILE`: the screen that `record` ends with, and closer looks, from the file alone.
#pragma once

#include <string>

#include "agent/cli/options.h"
#include "agent/cli/terminal.h"
#include "core/base/result.h"
#include "core/model/profile.h"

namespace sonde {

// Reads the file, prints to stdout, returns the exit code.
int run_report(const ReportOptions& options);

// The text of the report. errors: kNotFound (no such function).
Result<std::string> render_report(const SymbolizedProfile& profile, const ReportOptions& options,
                                  const Pen& pen);
// The same figures as one line of JSON.
Result<std::string> render_report_json(const SymbolizedProfile& profile,
                                       const ReportOptions& options);

}  // namespace sonde
