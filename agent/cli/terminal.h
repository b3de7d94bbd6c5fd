// SPDX-License-Identifier: Apache-2.0
// What the reader's terminal can show, and the signs and colours that follow from it. Colour never
// carries a meaning alone; without UTF-8 every sign has an ASCII twin.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/model/profile.h"

namespace sonde {

enum class ColourChoice { kAuto, kAlways, kNever };

struct Terminal {
  bool is_tty = false;
  bool colour = false;
  bool moves = false;  // a line may be rewritten in place
  bool utf8 = false;
  std::size_t width = 80;  // columns; 80 if it is not a terminal
};

// Looks at the descriptor, NO_COLOR, TERM, LC_ALL, LC_CTYPE and LANG.
Terminal detect_terminal(int fd, ColourChoice choice);

// Only the 16 colours that every terminal theme defines.
enum class Colour { kNone, kBold, kDim, kRed, kGreen, kYellow, kBlue, kMagenta, kCyan };
Colour colour_of(Origin origin);

class Pen {
 public:
  explicit Pen(const Terminal& terminal) : terminal_(terminal) {}

  [[nodiscard]] const Terminal& terminal() const { return terminal_; }
  [[nodiscard]] std::size_t width() const { return terminal_.width; }

  // `text` in a colour; unchanged where colours are off.
  [[nodiscard]] std::string paint(std::string_view text, Colour colour) const;
  // A hostile name made harmless: see exporters/text/escape.h. ASCII only where UTF-8 is off.
  [[nodiscard]] std::string name(std::string_view text) const;
  // The name made harmless and shortened to `width` columns.
  [[nodiscard]] std::string name(std::string_view text, std::size_t width) const;
  // The UTF-8 sign, or its ASCII twin.
  [[nodiscard]] std::string_view sign(std::string_view utf8, std::string_view ascii) const {
    return terminal_.utf8 ? utf8 : ascii;
  }
  [[nodiscard]] std::string_view ellipsis() const { return sign("…", "..."); }
  // A bar of `cells` columns (fractions in eighths where UTF-8 is on).
  [[nodiscard]] std::string bar(double cells) const;

 private:
  Terminal terminal_;
};

}  // namespace sonde
