// SPDX-License-Identifier: Apache-2.0
// Puts the configuration together: defaults, then the file, then the environment, then flags; the
// later wins. Every value is checked, also one that another overrides, and every mistake is told at
// once. Reads one file and nothing else of the host; thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/config/config.h"

namespace sonde {

// What is given on the command line.
struct ConfigFlags {
  std::optional<std::string> file;            // --config
  std::map<std::string, std::string> values;  // by Setting::key
};

struct ConfigSources {
  ConfigFlags flags;
  std::map<std::string, std::string> environment;  // all of it; what is empty is not set
  bool root = true;                                // decides the default of state_dir
};

// The environment and the user of this process. Not while another thread changes either.
ConfigSources config_sources(ConfigFlags flags);

// A setting that is in effect.
struct ConfigValue {
  std::string key;
  std::string text;    // as one would write it
  std::string source;  // `default`, `/etc/sonde/sonde.yaml:3`, `SONDE_RATE`, `--rate`
};

struct LoadedConfig {
  std::optional<Config> config;       // none if there are problems
  std::vector<ConfigValue> values;    // every setting, in the table's order; likewise
  std::vector<std::string> problems;  // `WHERE: what is wrong`, WHERE as ConfigValue::source
  std::vector<std::string> notes;     // valid, but worth a thought
  std::string file;                   // that was read; empty if there was none
};

// Variables that begin with SONDE_ and are not ours are left alone, for Kubernetes sets some after
// the names of services, unless they are a typo away from one of ours.
LoadedConfig load_config(const ConfigSources& sources);

}  // namespace sonde
