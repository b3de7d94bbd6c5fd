// SPDX-License-Identifier: Apache-2.0
// The profile as a file of speedscope.app (schema file-format-schema.json): one sampled profile
// per process name, weights in nanoseconds. Stateless, thread-safe.
#pragma once

#include <string>

#include "core/model/profile.h"

namespace sonde {

// Names are printable(); kernel frames end in ` [k]`; cut stacks begin with `[stack cut: …]`.
// cost  linear in the frames of all stacks.
std::string encode_speedscope(const SymbolizedProfile& profile);

}  // namespace sonde
