// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/session_limits.h"

#include <fmt/format.h>

#include "core/base/privileges.h"

namespace sonde {

std::string limit_of_denied(std::uint64_t denied) {
  const char* const whose = denied == 1 ? "its" : "their";
  return fmt::format("{} {} not show {} mappings, so {} stacks stay cut ({})", denied,
                     denied == 1 ? "process does" : "processes do", whose, whose,
                     has_capability(kCapSysPtrace) ? "protected by a security module or a sandbox"
                                                   : "fix: run as root, or grant CAP_SYS_PTRACE");
}

std::string limit_of_kernel_names(const Error& why) {
  return "kernel functions have no names: " + why.message +
         " (fix: run as root, or grant CAP_SYSLOG)";
}

}  // namespace sonde
