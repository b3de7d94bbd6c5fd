// SPDX-License-Identifier: Apache-2.0
// The command line: the only place that knows CLI11. Checks everything that can be checked
// without touching the host, so that a mistake ends before anything has been started.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/cli/options.h"

namespace sonde {

// Ends at once: help, or a mistake and what would be right.
struct ParseStop {
  int exit_code = 0;
  std::string text;  // to stdout if exit_code is 0, else to stderr
};

using ParsedCommand =
    std::variant<ParseStop, RunOptions, RecordOptions, ReportOptions, DiffOptions, DoctorOptions,
                 StatusOptions, ValidateOptions, ConfigPrintOptions, VersionOptions>;

// arguments  without the program's name.
ParsedCommand parse_command_line(const std::vector<std::string>& arguments);

// `10`, `1.5s`, `500ms`, `2m`, `1h`; seconds without a unit. None if it is no such thing, or not
// between 1 ms and 30 days.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

// `5%`, `5`, `0.5 %` -> 0.05, 0.05, 0.005. None if it is no such thing, or not between 0 and 100 %.
std::optional<double> parse_percent(std::string_view text);

}  // namespace sonde
