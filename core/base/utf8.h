// SPDX-License-Identifier: Apache-2.0
// UTF-8 that may be broken: names come from foreign files. Stateless, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sonde {

struct Utf8Char {
  std::uint32_t code_point = 0;
  std::uint8_t bytes = 1;  // 1..4 consumed
  bool valid = false;      // false: one byte that starts no well-formed character
};

// The character that starts at `at`. Overlong forms, surrogates and values past U+10FFFF are not
// valid (Unicode 15, table 3-7). Precondition: at < text.size().
Utf8Char utf8_char_at(std::string_view text, std::size_t at);

bool is_valid_utf8(std::string_view text);

// The text with each byte that is not part of a well-formed character as `\xNN`.
std::string to_valid_utf8(std::string_view text);

// Appends one code point. Precondition: a Unicode scalar value.
void append_utf8(std::string& out, std::uint32_t code_point);

}  // namespace sonde
