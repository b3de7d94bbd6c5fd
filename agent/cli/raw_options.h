// SPDX-License-Identifier: Apache-2.0
// A command line as it was typed, before it is checked.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace sonde {

// What CLI11 fills in before it is checked.
struct RawOptions {
  bool json = false;
  std::string colour = "auto";
  std::string window;
  std::string duration;
  std::string format;
  std::string by;
  std::string sort;
  bool no_kernel = false;
  std::string older;               // report --diff
  std::vector<std::string> sides;  // diff BEFORE AFTER
  std::string fail_above;
  std::string config_file;  // --config
  std::string boost_pid, boost_cgroup;
  std::string validate_file;                         // validate FILE
  std::map<std::string, std::string> config_values;  // --listen and so on, by Setting::key
};

}  // namespace sonde
