// SPDX-License-Identifier: Apache-2.0
// Fits function names into a column of a terminal, with the forms that the flame graphs use.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sonde {

// The first that takes at most `width` columns: the forms of exporters/text/short_name.h, the last
// of them without its leading words, its head. The end of a name is what tells functions apart,
// so it is given up last.
//
// name      printable UTF-8 (already escaped).
// ellipsis  "…", or "..." where only ASCII can be shown.
std::string shorten_name(std::string_view name, std::size_t width, std::string_view ellipsis);

}  // namespace sonde
