// SPDX-License-Identifier: Apache-2.0
// Addresses in, the names message out: what a program that makes code at run time says of it, in a
// perf map (tools/perf/Documentation/jit-interface.txt) or a jitdump
// (tools/perf/Documentation/jitdump-specification.txt) of the Linux sources.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/base/result.h"

namespace sonde {

// addresses   ascending. Of several entries that cover an address the last one counts: code is made
//             anew in its place.
// errors      unreadable, too_large (over 1 GiB), other_machine (a jitdump of another byte order).
// cost        reads the file once, 1 MiB at a time; memory for the answers, and for the names in a
//             jitdump, whose code can move.
Result<std::string> names_of_code(int fd, std::span<const std::uint64_t> addresses);

}  // namespace sonde
