// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/shorten_name.h"

#include <optional>

#include "agent/cli/text.h"
#include "exporters/text/short_name.h"

namespace sonde {
namespace {

bool fits(std::string_view text, std::size_t width) { return display_width(text) <= width; }

std::string with_ellipsis(std::string text, std::string_view ellipsis) {
  constexpr std::string_view kDots = "…";
  if (ellipsis == kDots) return text;
  for (std::size_t at = text.find(kDots); at != std::string::npos;
       at = text.find(kDots, at + ellipsis.size())) {
    text.replace(at, kDots.size(), ellipsis);
  }
  return text;
}

// `name` without leading `word_` parts.
std::optional<std::string> without_leading_words(std::string_view name, std::size_t width,
                                                 std::string_view ellipsis) {
  for (std::size_t i = 1; i < name.size(); ++i) {
    if (name[i - 1] != '_' || name[i] == '_') continue;
    const std::string candidate = std::string(ellipsis).append(name.substr(i));
    if (fits(candidate, width)) return candidate;
  }
  return std::nullopt;
}

std::string head_of(std::string_view name, std::size_t width, std::string_view ellipsis) {
  constexpr std::size_t kLetters = 2;
  const std::size_t dots = display_width(ellipsis);
  if (width < dots + kLetters) return std::string(fitting_head(name, width));
  return std::string(fitting_head(name, width - dots)).append(ellipsis);
}

}  // namespace

std::string shorten_name(std::string_view name, std::size_t width, std::string_view ellipsis) {
  if (fits(name, width)) return std::string(name);
  std::string last;
  for (const std::string& form : name_forms(name)) {
    last = with_ellipsis(form, ellipsis);
    if (fits(last, width)) return last;
  }
  if (auto tail = without_leading_words(last, width, ellipsis)) return *std::move(tail);
  return head_of(last, width, ellipsis);
}

}  // namespace sonde
