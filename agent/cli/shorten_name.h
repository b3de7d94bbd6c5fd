// SPDX-License-Identifier: Apache-2.0
// Fits function names into a column. The end of a name is what tells functions apart, so it is
// given up last: parameters go first, then arguments, namespaces, words, and only then the tail.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde {

// The first of these that takes at most `width` columns: the whole name; without parameters,
// return type, `[clone …]`, Rust hash, trait, Go path and script file; arguments as `<…>`;
// without system call prefixes and leading underscores, or without leading namespaces one by one;
// the last name; the last name without leading words; its head.
//
// name      printable UTF-8 (already escaped).
// ellipsis  "…", or "..." where only ASCII can be shown.
std::string shorten_name(std::string_view name, std::size_t width, std::string_view ellipsis);

}  // namespace sonde
