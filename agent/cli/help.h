// SPDX-License-Identifier: Apache-2.0
// The help texts, one screen each.
#pragma once

#include <string_view>

namespace sonde {

// verb  empty = overview; an unknown one gives the overview too.
std::string_view help_text(std::string_view verb);

}  // namespace sonde
