// SPDX-License-Identifier: Apache-2.0
// Which known name somebody meant who wrote another one. Stateless, thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace sonde {

// The name of `known` that is the fewest edits away (a letter more, less or other, or two
// neighbours swapped; case counts). None if that takes more edits than a third of the letters of
// `wanted`, rounded up: then nothing was meant, and a list of all names helps more.
//
// cost  wanted x known letters; names of more than 64 bytes are like none.
std::optional<std::string_view> nearest_name(std::string_view wanted,
                                             std::span<const std::string_view> known);

}  // namespace sonde
