// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/exit_code.h"

#include <cstdio>
#include <string>

#include "agent/cli/terminal.h"
#include "core/base/privileges.h"

namespace sonde {

ExitCode exit_code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kPermissionDenied:
      return kExitNoPermission;
    case ErrorCode::kUnimplemented:
      return kExitUnsupportedKernel;
    default:
      return kExitError;
  }
}

bool is_degraded(const SessionCapabilities& can, bool kernel, bool whole_host) {
  return !can.user_stacks || (kernel && !can.kernel_stacks) ||
         (whole_host && !can.other_users && !has_capability(kCapSysPtrace));
}

int fail(ExitCode code, std::string_view message) {
  const Pen pen(detect_terminal(2, ColourChoice::kNever));
  std::string text = "sonde:";
  // Lines are ours, what is in them may not be.
  while (true) {
    const std::size_t end = message.find('\n');
    text += (text.ends_with(':') ? " " : "\n") + pen.name(message.substr(0, end));
    if (end == std::string_view::npos) break;
    message.remove_prefix(end + 1);
  }
  std::fprintf(stderr, "%s\n", text.c_str());
  return code;
}

}  // namespace sonde
