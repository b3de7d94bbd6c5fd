// SPDX-License-Identifier: Apache-2.0
// Names as people wrote them: C++ (Itanium ABI) and Rust (legacy and v0), by libiberty, with its
// recursion limit on, input capped at 8 KiB and output at 16 KiB.
#pragma once

#include <string>
#include <string_view>

namespace sonde {

// The demangled form; empty if `name` is not mangled, is not understood or grows past the cap.
// Parameter types are kept, the hash of legacy Rust names is dropped.
std::string demangle(std::string_view name);

}  // namespace sonde
