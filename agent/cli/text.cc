// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/text.h"

#include <algorithm>
#include <array>

#include "core/base/utf8.h"

namespace sonde {
namespace {

struct Span {
  char32_t first;
  char32_t last;
};

// Unicode 15 East_Asian_Width W and F, in coarse blocks.
constexpr std::array kWide = {
    Span{0x1100, 0x115f},   Span{0x2e80, 0x303e},   Span{0x3041, 0x33ff},   Span{0x3400, 0x4dbf},
    Span{0x4e00, 0xa4cf},   Span{0xac00, 0xd7a3},   Span{0xf900, 0xfaff},   Span{0xfe30, 0xfe6f},
    Span{0xff00, 0xff60},   Span{0xffe0, 0xffe6},   Span{0x1f300, 0x1f64f}, Span{0x1f680, 0x1f6ff},
    Span{0x1f900, 0x1f9ff}, Span{0x20000, 0x3fffd},
};
// Combining marks that names in common scripts use.
constexpr std::array kNoWidth = {
    Span{0x0300, 0x036f}, Span{0x0483, 0x0489}, Span{0x0591, 0x05bd}, Span{0x0610, 0x061a},
    Span{0x064b, 0x065f}, Span{0x1ab0, 0x1aff}, Span{0x1dc0, 0x1dff}, Span{0x20d0, 0x20f0},
    Span{0xfe00, 0xfe0f}, Span{0xfe20, 0xfe2f},
};

template <std::size_t N>
bool within(const std::array<Span, N>& spans, char32_t c) {
  return std::any_of(spans.begin(), spans.end(),
                     [c](const Span& span) { return c >= span.first && c <= span.last; });
}

// The character at `at`: its bytes and columns.
struct Cell {
  std::size_t bytes;
  std::size_t columns;
};
Cell cell_at(std::string_view text, std::size_t at) {
  if (text[at] == '\x1b') {  // our own colour code; names have none left
    const std::size_t end = text.find('m', at);
    return Cell{end == std::string_view::npos ? text.size() - at : end - at + 1, 0};
  }
  const Utf8Char character = utf8_char_at(text, at);
  const std::size_t bytes = character.bytes;
  const char32_t code = character.valid ? character.code_point : U'?';
  if (within(kNoWidth, code)) return Cell{bytes, 0};
  return Cell{bytes, within(kWide, code) ? std::size_t{2} : std::size_t{1}};
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Cell cell = cell_at(text, at);
    columns += cell.columns;
    at += cell.bytes;
  }
  return columns;
}

std::string_view fitting_head(std::string_view text, std::size_t width) {
  std::size_t at = 0;
  std::size_t columns = 0;
  while (at < text.size()) {
    const Cell cell = cell_at(text, at);
    if (columns + cell.columns > width) break;
    columns += cell.columns;
    at += cell.bytes;
  }
  return text.substr(0, at);
}

std::string_view fitting_tail(std::string_view text, std::size_t width) {
  std::size_t columns = display_width(text);
  std::size_t at = 0;
  while (columns > width) {
    const Cell cell = cell_at(text, at);
    columns -= cell.columns;
    at += cell.bytes;
  }
  return text.substr(at);
}

std::string pad_right(std::string_view text, std::size_t width) {
  std::string out(text);
  const std::size_t columns = display_width(text);
  if (columns < width) out.append(width - columns, ' ');
  return out;
}

std::string pad_left(std::string_view text, std::size_t width) {
  const std::size_t columns = display_width(text);
  return std::string(columns < width ? width - columns : 0, ' ') + std::string(text);
}

std::vector<std::string> wrap(std::string_view text, std::size_t width, std::size_t indent) {
  std::vector<std::string> lines;
  const std::string margin(std::min(indent, width / 2), ' ');
  std::string line;
  bool has_word = false;
  const auto finish_line = [&] {
    lines.push_back(std::move(line));
    line = margin;
    has_word = false;
  };
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    const std::size_t gap = has_word ? 1 : 0;
    if (has_word && display_width(line) + gap + display_width(word) > width) finish_line();
    if (has_word) line += ' ';
    while (display_width(line) + display_width(word) > width) {
      const std::string_view head = fitting_head(word, width - display_width(line));
      if (head.empty()) break;
      line += head;
      word.remove_prefix(head.size());
      finish_line();
    }
    line += word;
    has_word = true;
  }
  if (has_word || lines.empty()) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> flow(const std::vector<std::string>& pieces, std::size_t width) {
  constexpr std::string_view kGap = "   ";
  std::vector<std::string> lines;
  for (const std::string& piece : pieces) {
    if (!lines.empty() &&
        display_width(lines.back()) + kGap.size() + display_width(piece) <= width) {
      lines.back().append(kGap).append(piece);
    } else {
      lines.emplace_back(fitting_head(piece, width));
    }
  }
  return lines;
}

}  // namespace sonde
