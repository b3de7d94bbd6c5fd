// SPDX-License-Identifier: Apache-2.0
// What a session says of what it lacks (SessionCapabilities::limits): one sentence each, with the
// fix. Stateless, thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"

namespace sonde {

// denied  processes whose mappings may not be read, at least one.
std::string limit_of_denied(std::uint64_t denied);

// why  /proc/kallsyms cannot be read.
std::string limit_of_kernel_names(const Error& why);

}  // namespace sonde
