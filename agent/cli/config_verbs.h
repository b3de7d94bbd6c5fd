// SPDX-License-Identifier: Apache-2.0
// `sonde validate` and `sonde config print`: what a configuration file, the environment and flags
// amount to, without starting anything.
#pragma once

#include <string>

#include "agent/cli/options.h"
#include "agent/cli/terminal.h"
#include "agent/config/load.h"
#include "core/base/json.h"

namespace sonde {

// Problems and notes, a line each, then a verdict: `sonde.yaml is valid.`
std::string render_validation(const LoadedConfig& loaded, const Pen& pen);
// {"valid", "file" (null: none was read), "problems": [text], "notes": [text]}
Json validation_json(const LoadedConfig& loaded);

// A configuration file of what is in effect, each line with its source as a comment.
// Precondition: no problems.
std::string render_config(const LoadedConfig& loaded);
// {KEY: {"value", "source"}}
Json config_json(const LoadedConfig& loaded);

// 0 if valid, else 1 with the problems on stdout.
int run_validate(const ValidateOptions& options);
// 0, or 1 with the problems on stderr.
int run_config_print(const ConfigPrintOptions& options);

}  // namespace sonde
