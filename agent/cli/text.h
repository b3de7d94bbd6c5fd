// SPDX-License-Identifier: Apache-2.0
// Text in a terminal's cells: width, padding, wrapping and names that cannot move the cursor.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sonde {

// Columns that printable UTF-8 text takes: wide East Asian characters two, combining marks and our
// own colour codes none.
std::size_t display_width(std::string_view text);

// The longest start (or end) of `text` that takes at most `width` columns; never half a character.
std::string_view fitting_head(std::string_view text, std::size_t width);
std::string_view fitting_tail(std::string_view text, std::size_t width);

// Spaces added up to `width` columns; longer text is returned as it is.
std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);

// Breaks at spaces into lines of at most `width` columns, continuation lines indented; a word
// longer than a line is cut where the line ends.
std::vector<std::string> wrap(std::string_view text, std::size_t width, std::size_t indent);

// `pieces` on as few lines as fit, three spaces apart.
std::vector<std::string> flow(const std::vector<std::string>& pieces, std::size_t width);

}  // namespace sonde
