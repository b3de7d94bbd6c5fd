// SPDX-License-Identifier: Apache-2.0
// Names, labels and paths are hostile: what could move a cursor, recolour, reorder, hide or end a
// string is made visible. One table for every text format, the page and the terminal. Stateless.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sonde {

// True for code points that are shown as an escape: C0, DEL, C1, bidi controls (U+061C, U+200E-F,
// U+202A-E, U+2066-9), zero width (U+200B-D, U+2060, U+FEFF), U+2028-9 and noncharacters.
bool is_hidden_code_point(std::uint32_t code_point);

// The text for a terminal or a picture: hidden code points as `\x1b` (below U+0100) or `\u202e`,
// a surrogate written in UTF-8 as `\ud800`, any other byte that is not UTF-8 as `\xff`. The result
// is valid UTF-8 on one line and is printable a second time without change.
std::string printable(std::string_view text);

// Text of an XML element or attribute: printable(), then & < > " ' as entities.
std::string xml_text(std::string_view text);

// Appends a JSON string with its quotes. Valid UTF-8, controls kept as \u00XX; < > & U+2028 and
// U+2029 too, so that the text may stand inside a script element. Bytes that are not UTF-8 become
// the visible text `\xff`.
void append_json_string(std::string& out, std::string_view text);

// The text cut to at most max_bytes at a character's end, with `…` in place of what is gone.
std::string cut_text(std::string_view text, std::size_t max_bytes);

}  // namespace sonde
