// SPDX-License-Identifier: Apache-2.0
// What `sonde` returns to the shell, and how a failure is told.
#pragma once

#include <string_view>

#include "agent/engine/session.h"
#include "core/base/result.h"

namespace sonde {

enum ExitCode : int {
  kExitOk = 0,
  kExitError = 1,
  kExitUsage = 2,
  kExitNoPermission = 3,
  kExitUnsupportedKernel = 4,
  kExitDegraded = 5,  // a whole capability was missing
  kExitGrown = 6,     // diff --fail-above: something grew by more
  kExitCannotExecute = 126,
  kExitCommandNotFound = 127,
  kExitInterrupted = 130,  // before any sample
};

// kPermissionDenied -> 3, kUnimplemented -> 4, anything else -> 1.
ExitCode exit_code_of(const Error& error);

// Whether a capability is missing that sampling would have used (kExitDegraded). A process that
// refuses even CAP_SYS_PTRACE is a limit, not a missing capability.
//
// kernel      the kernel's stacks were asked for
// whole_host  every process was
bool is_degraded(const SessionCapabilities& can, bool kernel, bool whole_host);

// Writes `sonde: message` to stderr, names in it made harmless, and returns `code`.
int fail(ExitCode code, std::string_view message);

}  // namespace sonde
