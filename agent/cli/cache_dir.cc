// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/cache_dir.h"

#include <unistd.h>

#include <cstdlib>

namespace sonde {

std::string default_cache_dir() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return std::string(value == nullptr ? "" : value);
  };
  if (std::string dir = variable("SONDE_CACHE_DIR"); !dir.empty()) return dir;
  if (::geteuid() == 0) return "/var/cache/sonde";
  if (const std::string dir = variable("XDG_CACHE_HOME"); dir.starts_with('/')) {
    return dir + "/sonde";
  }
  const std::string home = variable("HOME");
  return home.starts_with('/') ? home + "/.cache/sonde" : "";
}

}  // namespace sonde
