// SPDX-License-Identifier: Apache-2.0
// Quantities as they are written on a command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sonde {

// `10`, `1.5s`, `500ms`, `2m`, `1h`; seconds without a unit. None if it is no such thing, or not
// between 1 ms and 30 days.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

// `5%`, `5`, `0.5 %` -> 0.05, 0.05, 0.005. None if it is no such thing, or not between 0 and 100 %.
std::optional<double> parse_percent(std::string_view text);

// A check that says what is wrong with a text that is no whole number in these bounds; empty if
// nothing is.
//
// example  of what would be right
std::function<std::string(const std::string&)> whole_number(std::uint32_t least, std::uint32_t most,
                                                            const std::string& example);

}  // namespace sonde
