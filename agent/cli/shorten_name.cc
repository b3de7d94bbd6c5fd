// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/shorten_name.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <vector>

#include "agent/cli/text.h"
#include "core/model/function_name.h"

namespace sonde {
namespace {

bool fits(std::string_view text, std::size_t width) { return display_width(text) <= width; }

// Rust's legacy mangling ends in `::h` and 16 hex digits.
std::string_view without_rust_hash(std::string_view name) {
  constexpr std::size_t kTail = 19;
  if (name.size() <= kTail) return name;
  const std::string_view tail = name.substr(name.size() - kTail);
  const bool hash =
      tail.starts_with("::h") && std::all_of(tail.begin() + 3, tail.end(), [](unsigned char c) {
        return std::isdigit(c) != 0 || (c >= 'a' && c <= 'f');
      });
  return hash ? name.substr(0, name.size() - kTail) : name;
}

// `<T as Trait>::m` and `<T>::m` -> `T::m`.
std::string without_trait(const std::string& name) {
  if (!name.starts_with('<')) return name;
  int depth = 0;
  std::size_t as = std::string::npos;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '<') ++depth;
    if (c == '>' && name[i - 1] != '-') --depth;
    if (depth == 1 && as == std::string::npos && name.compare(i, 4, " as ") == 0) as = i;
    if (depth == 0) {
      const std::size_t type_end = as == std::string::npos ? i : as;
      return name.substr(1, type_end - 1) + name.substr(i + 1);
    }
  }
  return name;
}

std::string with_short_anonymous(std::string name) {
  constexpr std::string_view kLong = "(anonymous namespace)";
  for (std::size_t at = name.find(kLong); at != std::string::npos; at = name.find(kLong, at)) {
    name.replace(at, kLong.size(), "{anon}");
  }
  return name;
}

// Go: `github.com/a/b/pkg.(*T).M` -> `pkg.(*T).M`. Slashes inside type arguments do not count.
std::string_view without_go_path(std::string_view name) {
  if (name.find("::") != std::string_view::npos || name.starts_with('/')) return name;
  const std::string_view head = name.substr(0, name.find_first_of("[( "));
  const std::size_t slash = head.rfind('/');
  const bool go =
      slash != std::string_view::npos && name.find('.', slash) != std::string_view::npos;
  return go ? name.substr(slash + 1) : name;
}

// Scripts: `applyDiscounts /app/cart.js:73` -> `applyDiscounts`.
std::string_view without_script_file(std::string_view name) {
  const std::size_t space = name.rfind(' ');
  if (space == std::string_view::npos || space == 0) return name;
  const std::string_view file = name.substr(space + 1);
  const std::size_t colon = file.rfind(':');
  const bool line = colon != std::string_view::npos && colon > 0 && colon + 1 < file.size() &&
                    std::all_of(file.begin() + static_cast<std::ptrdiff_t>(colon) + 1, file.end(),
                                [](unsigned char c) { return std::isdigit(c) != 0; });
  return line && file.find("::") == std::string_view::npos ? name.substr(0, space) : name;
}

std::string plain_name(std::string_view name) {
  std::string out = without_parameters(without_script_file(name));
  out = without_trait(std::string(without_rust_hash(out)));
  return with_short_anonymous(std::string(without_go_path(out)));
}

std::string_view without_c_prefix(std::string_view name) {
  constexpr std::array<std::string_view, 3> kPrefixes = {"__x64_sys_", "__do_sys_", "__se_sys_"};
  for (const std::string_view prefix : kPrefixes) {
    if (name.starts_with(prefix) && name.size() > prefix.size()) return name.substr(prefix.size());
  }
  const std::size_t letter = name.find_first_not_of('_');
  return letter == std::string_view::npos ? name : name.substr(letter);
}

// `name` without leading `word_` parts (or up to `+0x` of an unresolved address).
std::optional<std::string> without_leading_words(std::string_view name, std::size_t width,
                                                 std::string_view ellipsis) {
  for (std::size_t i = 1; i < name.size(); ++i) {
    const bool word = name[i - 1] == '_' && name[i] != '_';
    if (!word && !name.substr(i).starts_with("+0x")) continue;
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
  const std::string plain = plain_name(name);
  if (fits(plain, width)) return plain;
  std::string bare = without_arguments(plain, ellipsis);
  if (fits(bare, width)) return bare;

  const std::vector<std::size_t> starts = component_starts(bare);
  if (starts.empty()) {
    bare = without_c_prefix(bare);
    if (fits(bare, width)) return bare;
  }
  for (const std::size_t start : starts) {
    const std::string candidate = std::string(ellipsis).append(bare, start);
    if (fits(candidate, width)) return candidate;
  }
  const std::string_view last =
      starts.empty() ? std::string_view(bare) : std::string_view(bare).substr(starts.back());
  if (fits(last, width)) return std::string(last);
  if (auto tail = without_leading_words(last, width, ellipsis)) return *std::move(tail);
  return head_of(last, width, ellipsis);
}

}  // namespace sonde
