// SPDX-License-Identifier: Apache-2.0
// The command line: the only place that knows CLI11. Checks everything that can be checked
// without touching the host, so that a mistake ends before anything has been started.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "agent/cli/options.h"

namespace sonde {

// Ends at once: help, or a mistake and what would be right.
struct ParseStop {
  int exit_code = 0;
  std::string text;  // to stdout if exit_code is 0, else to stderr
};

using ParsedCommand = std::variant<ParseStop, RunOptions, RecordOptions, ReportOptions, DiffOptions,
                                   TopOptions, DoctorOptions, StatusOptions, BoostOptions,
                                   ValidateOptions, ConfigPrintOptions, VersionOptions>;

// arguments  without the program's name.
ParsedCommand parse_command_line(const std::vector<std::string>& arguments);

}  // namespace sonde
