// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/short_name.h"

#include <algorithm>
#include <array>

#include "exporters/text/escape.h"

namespace sonde {
namespace {

constexpr std::string_view kEllipsis = "\xe2\x80\xa6";
constexpr std::string_view kOperator = "operator";
constexpr std::size_t kMaxNamespaces = 12;  // forms of absurdly nested names stay few

// Longest first.
constexpr std::array<std::string_view, 16> kOperatorSigns = {"->*", "<=>", "<<=", ">>=", "->", "<<",
                                                             ">>",  "<=",  ">=",  "()",  "[]", "==",
                                                             "!=",  "<",   ">",   "="};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Length of `operator` and its sign at `at`, 0 if none begins there.
std::size_t operator_length(std::string_view name, std::size_t at) {
  if (name.substr(at, kOperator.size()) != kOperator) return 0;
  if (at > 0 && is_word(name[at - 1])) return 0;
  for (const std::string_view sign : kOperatorSigns) {
    if (name.substr(at + kOperator.size(), sign.size()) == sign) {
      return kOperator.size() + sign.size();
    }
  }
  return 0;
}

// Calls fn(position, depth) for each byte outside operator signs. The depth of a bracket is that
// of the text around it.
template <typename Fn>
void scan(std::string_view name, Fn&& fn) {
  int depth = 0;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (const std::size_t length = operator_length(name, at); length != 0) {
      at += length - 1;
      continue;
    }
    const char c = name[at];
    const bool arrow = c == '>' && at > 0 && name[at - 1] == '-';
    const bool closes = (c == '>' && !arrow) || c == ')' || c == ']' || c == '}';
    if (closes && depth > 0) --depth;
    fn(at, depth);
    if (c == '<' || c == '(' || c == '[' || c == '{') ++depth;
  }
}

// Removes ` const`, `&`, ` noexcept` and the like behind the parameters.
std::string_view without_qualifiers(std::string_view name) {
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view tail : {" const", " volatile", " noexcept", " &&", " &"}) {
      if (!name.ends_with(tail)) continue;
      name.remove_suffix(tail.size());
      again = true;
    }
  }
  return name;
}

// `void f<int>(char) const` -> `f<int>`; unchanged if there is no parameter list at the end.
std::string without_parameters(std::string_view name) {
  const std::string_view bare = without_qualifiers(name);
  if (!bare.ends_with(')')) return std::string(name);
  std::size_t open = std::string_view::npos;
  scan(bare, [&](std::size_t at, int depth) {
    if (bare[at] == '(' && depth == 0) open = at;
  });
  if (open == std::string_view::npos || open == 0) return std::string(name);
  const std::string_view head = bare.substr(0, open);
  std::size_t space = std::string_view::npos;
  scan(head, [&](std::size_t at, int depth) {
    const bool of_operator = head.substr(0, at).ends_with(kOperator);
    if (head[at] == ' ' && depth == 0 && !of_operator) space = at;
  });
  const std::string_view after = space == std::string_view::npos ? head : head.substr(space + 1);
  // `operator<< <char>`: the space is inside the name.
  if (after.starts_with('<')) return std::string(head);
  return std::string(after);
}

// `<T as Trait>::m` -> `T::m`.
std::string without_trait(std::string_view name) {
  if (!name.starts_with('<')) return std::string(name);
  std::size_t close = std::string_view::npos;
  std::size_t as = std::string_view::npos;
  scan(name, [&](std::size_t at, int depth) {
    if (depth == 0 && name[at] == '>' && close == std::string_view::npos) close = at;
    if (depth == 1 && close == std::string_view::npos && name.substr(at, 4) == " as ") as = at;
  });
  if (close == std::string_view::npos || as == std::string_view::npos) return std::string(name);
  return std::string(name.substr(1, as - 1)) + std::string(name.substr(close + 1));
}

std::string_view without_rust_hash(std::string_view name) {
  constexpr std::size_t kHashBytes = 19;  // ::h and 16 digits
  if (name.size() <= kHashBytes) return name;
  const std::string_view tail = name.substr(name.size() - kHashBytes);
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  const bool hash = tail.starts_with("::h") && std::all_of(tail.begin() + 3, tail.end(), is_hex);
  return hash ? name.substr(0, name.size() - kHashBytes) : name;
}

// `f.isra.0`, `f [clone .cold]` -> `f`.
std::string_view without_clone(std::string_view name) {
  if (const auto at = name.find(" [clone "); at != std::string_view::npos && name.ends_with(']')) {
    name = name.substr(0, at);
  }
  for (const std::string_view mark :
       {".constprop", ".isra", ".part", ".cold", ".llvm", ".lto_priv"}) {
    const auto at = name.find(mark);
    if (at != std::string_view::npos && at != 0) name = name.substr(0, at);
  }
  return name;
}

// `/app/server.js:41`, `node:internal/timers:508`
bool is_source_place(std::string_view text) {
  if (text.find(' ') != std::string_view::npos) return false;
  if (text.find('/') != std::string_view::npos) return true;
  const std::size_t colon = text.rfind(':');
  return colon != std::string_view::npos && colon + 1 < text.size() &&
         text.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
}

// `handler /app/server.js:41` -> `handler`; `github.com/a/b.(*T).M` -> `b.(*T).M`.
std::string_view without_path(std::string_view name) {
  if (name.find("::") != std::string_view::npos) return name;
  if (const auto space = name.find(' '); space != std::string_view::npos && space != 0) {
    return is_source_place(name.substr(space + 1)) ? name.substr(0, space) : name;
  }
  std::size_t slash = std::string_view::npos;
  scan(name, [&](std::size_t at, int depth) {
    if (name[at] == '/' && depth == 0) slash = at;
  });
  return slash == std::string_view::npos || slash + 1 == name.size() ? name
                                                                     : name.substr(slash + 1);
}

std::string with_short_anonymous(std::string_view name) {
  constexpr std::string_view kAnonymous = "(anonymous namespace)";
  std::string out(name);
  for (auto at = out.find(kAnonymous); at != std::string::npos; at = out.find(kAnonymous, at)) {
    out.replace(at, kAnonymous.size(), "{anon}");
  }
  return out;
}

std::string plain_form(std::string_view name) {
  const std::string no_anonymous = with_short_anonymous(without_clone(name));
  const std::string no_trait = without_trait(without_rust_hash(no_anonymous));
  return std::string(without_path(without_parameters(no_trait)));
}

std::string without_arguments(std::string_view name) {
  std::string out;
  int open = -1;  // depth of the `<` whose contents are left out
  std::size_t copied = 0;
  scan(name, [&](std::size_t at, int depth) {
    if (open < 0 && name[at] == '<') {
      open = depth;
      out += name.substr(copied, at + 1 - copied);
      out += kEllipsis;
    } else if (open == depth && name[at] == '>') {
      copied = at;
      open = -1;
    }
  });
  if (open >= 0) return std::string(name);
  return out + std::string(name.substr(copied));
}

// Positions behind each separator outside brackets.
std::vector<std::size_t> parts_of(std::string_view name) {
  std::vector<std::size_t> out;
  const bool colons = name.find("::") != std::string_view::npos;
  scan(name, [&](std::size_t at, int depth) {
    if (depth != 0) return;
    if (colons && name.substr(at, 2) == "::") out.push_back(at + 2);
    if (!colons && name[at] == '.' && at != 0) out.push_back(at + 1);
  });
  if (!out.empty() && out.back() >= name.size()) out.pop_back();
  if (out.size() > kMaxNamespaces) out.erase(out.begin(), out.end() - kMaxNamespaces);
  return out;
}

std::string without_c_prefix(std::string_view name) {
  for (const std::string_view prefix : {"__x64_sys_", "__ia32_sys_", "__do_sys_", "__se_sys_"}) {
    if (name.starts_with(prefix) && name.size() > prefix.size()) {
      return std::string(name.substr(prefix.size()));
    }
  }
  const std::size_t start = name.find_first_not_of('_');
  return std::string(start == std::string_view::npos ? name : name.substr(start));
}

// Position of `+0x` of an unnamed address, npos if the name is no such.
std::size_t address_at(std::string_view name) {
  const std::size_t plus = name.rfind("+0x");
  if (plus == std::string_view::npos || plus == 0) return std::string_view::npos;
  const bool hex = name.find_first_not_of("0123456789abcdef", plus + 3) == std::string_view::npos;
  return hex ? plus : std::string_view::npos;
}

void add_tails(std::string_view base, std::vector<std::string>& forms) {
  const std::string dots(kEllipsis);
  if (const std::size_t plus = address_at(base); plus != std::string_view::npos) {
    forms.push_back(dots + std::string(base.substr(plus)));
    return;
  }
  const std::vector<std::size_t> parts = parts_of(base);
  if (parts.empty()) {
    forms.push_back(without_c_prefix(base));
    return;
  }
  for (const std::size_t at : parts) forms.push_back(dots + std::string(base.substr(at)));
  forms.emplace_back(base.substr(parts.back()));
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<std::uint8_t>(c) & 0xc0U) != 0x80;
  }));
}

}  // namespace

std::vector<std::string> name_forms(std::string_view name) {
  std::vector<std::string> forms{std::string(name)};
  forms.push_back(address_at(name) == std::string_view::npos ? plain_form(name)
                                                             : std::string(name));
  forms.push_back(without_arguments(forms.back()));
  add_tails(std::string(forms.back()), forms);
  forms.erase(std::unique(forms.begin(), forms.end()), forms.end());
  return forms;
}

std::string fit_name(std::string_view name, std::size_t columns) {
  std::string shown = printable(name);
  if (characters(shown) <= columns) return shown;
  const std::vector<std::string> forms = name_forms(shown);
  for (const std::string& form : forms) {
    if (characters(form) <= columns) return form;
  }
  if (columns < 2) return std::string(columns, '.');
  std::string out;
  std::size_t used = 0;
  for (const char c : forms.back()) {
    if ((static_cast<std::uint8_t>(c) & 0xc0U) != 0x80 && ++used == columns) break;
    out += c;
  }
  return out + std::string(kEllipsis);
}

}  // namespace sonde
