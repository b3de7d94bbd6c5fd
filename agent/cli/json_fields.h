// SPDX-License-Identifier: Apache-2.0
// Fields of a JSON answer that may be of another version or of another program: what is missing or
// of another type reads as nothing. Pure functions; references are into the value or to constants.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/json.h"

namespace sonde {

std::string text_in(const Json& object, std::string_view name);     // "" if it is none
std::uint64_t count_in(const Json& object, std::string_view name);  // 0; of negatives too
double number_in(const Json& object, std::string_view name);        // 0
bool flag_in(const Json& object, std::string_view name);            // false
// An empty object, an empty list.
const Json& object_in(const Json& object, std::string_view name);
const Json& list_in(const Json& object, std::string_view name);
// The count at a place of a list, 0 if there is none.
std::uint64_t count_at(const Json& list, std::size_t index);

}  // namespace sonde
