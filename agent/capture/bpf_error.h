// SPDX-License-Identifier: Apache-2.0
// What a refused bpf(2) or perf_event_open(2) means for the user: cause and fix in one message.
#pragma once

#include <string_view>

#include "core/base/result.h"

namespace sonde {

// Routes libbpf's own messages to the debug log and keeps the last verifier log lines for errors.
// Idempotent.
void route_libbpf_messages();

// `err` is positive. The code tells permission (kPermissionDenied) from an unsupported kernel
// (kUnimplemented); the message names the missing capability or setting and the exact fix.
Error explain_bpf_error(int err, std::string_view what);
Error explain_perf_error(int err, std::string_view what);

}  // namespace sonde
