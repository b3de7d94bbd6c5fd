// SPDX-License-Identifier: Apache-2.0
// Folded stacks, the line format of flamegraph.pl and most viewers. Stateless, thread-safe.
#pragma once

#include <string>

#include "core/model/profile.h"

namespace sonde {

// One line per distinct stack, sorted: `process;root;...;leaf count`, count in samples.
//
// Kernel frames end in `_[k]`, JIT frames in `_[j]`, the suffixes of flamegraph.pl's colours. A
// cut stack begins with `[stack cut: reason]` behind the process. Names are printable() and their
// `;` become `:`; a process without a name is `[unknown]`.
//
// cost  one string per distinct stack.
std::string encode_folded(const SymbolizedProfile& profile);

}  // namespace sonde
