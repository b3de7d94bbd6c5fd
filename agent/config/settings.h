// SPDX-License-Identifier: Apache-2.0
// The table of everything that can be configured: its names in the file, in the environment and on
// the command line, its default, its meaning and its check. docs/configuration.md holds the same
// rows; a test compares them. Immutable, thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "agent/config/config.h"
#include "core/base/result.h"

namespace sonde {

constexpr std::string_view kConfigPath = "/etc/sonde/sonde.yaml";  // read if it is there
constexpr std::string_view kConfigVariable = "SONDE_CONFIG";
constexpr std::string_view kConfigFlag = "--config";

struct Setting {
  std::string_view key;       // in the file: `state_dir`
  std::string_view variable;  // `SONDE_STATE_DIR`
  std::string_view flag;      // `--state-dir`
  std::string_view fallback;  // the default, as one would write it
  std::string_view meaning;   // with unit and range
  // Checks a value and puts it into a Config. errors: kInvalidArgument, with what would be right.
  Result<void> (*set)(std::string_view value, Config& into);
  // The value as one would write it.
  std::string (*get)(const Config& config);
};

std::span<const Setting> settings();

}  // namespace sonde
