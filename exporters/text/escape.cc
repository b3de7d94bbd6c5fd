// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/escape.h"

#include <algorithm>
#include <array>

#include "core/base/utf8.h"

namespace sonde {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kEllipsis = "\xe2\x80\xa6";

struct Interval {
  std::uint32_t first;
  std::uint32_t last;
};
constexpr std::array<Interval, 11> kHidden{{{0x00, 0x1f},
                                            {0x7f, 0x9f},
                                            {0x61c, 0x61c},
                                            {0x200b, 0x200f},
                                            {0x2028, 0x202e},
                                            {0x2060, 0x2060},
                                            {0x2066, 0x2069},
                                            {0xfdd0, 0xfdef},
                                            {0xfeff, 0xfeff},
                                            {0xfff9, 0xfffb},
                                            {0xe0000, 0xe007f}}};

// `\x1b`, `\u202e`, `\u{1fffe}`.
void append_escape(std::string& out, std::uint32_t code_point) {
  if (code_point < 0x100) {
    out += "\\x";
    out += kHex[code_point >> 4];
    out += kHex[code_point & 15];
    return;
  }
  const bool long_form = code_point > 0xffff;
  out += long_form ? "\\u{" : "\\u";
  for (int shift = long_form ? 20 : 12; shift >= 0; shift -= 4) {
    if (shift >= 16 && (code_point >> shift) == 0) continue;
    out += kHex[(code_point >> shift) & 15];
  }
  if (long_form) out += '}';
}

// The surrogate that the three bytes at `at` spell, 0 if they do not.
std::uint32_t surrogate_at(std::string_view text, std::size_t at) {
  if (text.size() - at < 3) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[at + i]); };
  if (byte(0) != 0xed || byte(1) < 0xa0 || byte(1) > 0xbf || (byte(2) & 0xc0U) != 0x80) return 0;
  return 0xd000U | ((byte(1) & 0x3fU) << 6) | (byte(2) & 0x3fU);
}

bool is_plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

const char* xml_entity(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return nullptr;
  }
}

void append_json_unit(std::string& out, std::uint32_t unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(unit >> shift) & 15];
}

void append_json_char(std::string& out, std::string_view text, std::size_t at, const Utf8Char& c) {
  const std::uint32_t code_point = c.code_point;
  if (code_point == '"' || code_point == '\\') {
    out += '\\';
    out += static_cast<char>(code_point);
    return;
  }
  const bool markup = code_point == '<' || code_point == '>' || code_point == '&';
  const bool control = code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
  if (markup || control || code_point == 0x2028 || code_point == 0x2029) {
    append_json_unit(out, code_point);
    return;
  }
  out += text.substr(at, c.bytes);
}

}  // namespace

bool is_hidden_code_point(std::uint32_t code_point) {
  const auto covers = [code_point](const Interval& one) {
    return code_point >= one.first && code_point <= one.last;
  };
  return std::any_of(kHidden.begin(), kHidden.end(), covers) || (code_point & 0xfffeU) == 0xfffeU;
}

std::string printable(std::string_view text) {
  if (is_plain_ascii(text)) return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_char_at(text, at);
    if (c.valid && !is_hidden_code_point(c.code_point)) {
      out += text.substr(at, c.bytes);
    } else if (const std::uint32_t surrogate = c.valid ? 0 : surrogate_at(text, at)) {
      append_escape(out, surrogate);
      at += 2;
    } else {
      append_escape(out, c.code_point);
    }
    at += c.bytes;
  }
  return out;
}

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (const char* entity = xml_entity(c)) {
      out += entity;
    } else {
      out += c;
    }
  }
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_char_at(text, at);
    if (c.valid) {
      append_json_char(out, text, at, c);
    } else {
      out += "\\\\x";
      out += kHex[c.code_point >> 4];
      out += kHex[c.code_point & 15];
    }
    at += c.bytes;
  }
  out += '"';
}

std::string cut_text(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  std::size_t end = max_bytes < kEllipsis.size() ? 0 : max_bytes - kEllipsis.size();
  while (end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xc0U) == 0x80) --end;
  return std::string(text.substr(0, end)) + std::string(kEllipsis);
}

}  // namespace sonde
