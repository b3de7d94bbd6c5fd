// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>

#include "agent/cli/shorten_name.h"
#include "core/base/utf8.h"
#include "exporters/text/escape.h"

namespace sonde {
namespace {

constexpr std::size_t kDefaultWidth = 80;
constexpr std::size_t kMinWidth = 40;

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string_view() : std::string_view(value);
}

// The locale's own word for its character set; asking libc would need the locale installed.
bool locale_is_utf8() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value(environment(variable));
    if (value.empty()) continue;
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

std::size_t tty_width(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kDefaultWidth;
  return std::max<std::size_t>(size.ws_col, kMinWidth);
}

// Valid UTF-8 with everything past ASCII as `\u00e9` or `\U0001f600`.
std::string ascii_only(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char character = utf8_char_at(text, at);
    if (character.code_point < 0x80) {
      out += text[at];
    } else if (character.code_point < 0x10000) {
      out += fmt::format("\\u{:04x}", character.code_point);
    } else {
      out += fmt::format("\\U{:08x}", character.code_point);
    }
    at += character.bytes;
  }
  return out;
}

std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::kNone:
      return "";
    case Colour::kBold:
      return "\x1b[1m";
    case Colour::kDim:
      return "\x1b[2m";
    case Colour::kRed:
      return "\x1b[31m";
    case Colour::kGreen:
      return "\x1b[32m";
    case Colour::kYellow:
      return "\x1b[33m";
    case Colour::kBlue:
      return "\x1b[34m";
    case Colour::kMagenta:
      return "\x1b[35m";
    case Colour::kCyan:
      return "\x1b[36m";
  }
  return "";
}

}  // namespace

Terminal detect_terminal(int fd, ColourChoice choice) {
  Terminal out;
  out.is_tty = ::isatty(fd) == 1;
  const bool able = out.is_tty && environment("TERM") != "dumb";
  out.moves = able;
  out.colour = choice == ColourChoice::kAlways ||
               (choice == ColourChoice::kAuto && able && environment("NO_COLOR").empty());
  out.utf8 = locale_is_utf8();
  out.width = out.is_tty ? tty_width(fd) : kDefaultWidth;
  return out;
}

Colour colour_of(Origin origin) {
  switch (origin) {
    case Origin::kOwn:
      return Colour::kYellow;
    case Origin::kLibrary:
      return Colour::kBlue;
    case Origin::kKernel:
      return Colour::kMagenta;
    case Origin::kJit:
      return Colour::kGreen;
    case Origin::kUnresolved:
      return Colour::kDim;
  }
  return Colour::kNone;
}

std::string Pen::paint(std::string_view text, Colour colour) const {
  if (!terminal_.colour || colour == Colour::kNone || text.empty()) return std::string(text);
  return std::string(code_of(colour)).append(text).append("\x1b[0m");
}

std::string Pen::bar(double cells) const {
  constexpr std::array<std::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (!(cells > 0)) return {};
  if (!terminal_.utf8) return std::string(static_cast<std::size_t>(std::lround(cells)), '#');
  // Whatever is there shows, if only as the thinnest bar.
  const auto eighths = std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(cells * 8)));
  std::string out;
  for (std::size_t i = 0; i < eighths / 8; ++i) out += "█";
  return out.append(kEighths.at(eighths % 8));
}

std::string Pen::name(std::string_view text) const {
  std::string shown = printable(text);
  return terminal_.utf8 ? shown : ascii_only(shown);
}

std::string Pen::name(std::string_view text, std::size_t width) const {
  return shorten_name(name(text), width, ellipsis());
}

}  // namespace sonde
