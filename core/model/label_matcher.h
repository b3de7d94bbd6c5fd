// SPDX-License-Identifier: Apache-2.0
// Which series somebody asks for: conditions on labels, in the notation of Prometheus and in that
// of the page's URL. Parsed here, evaluated by whoever has labels. Stateless, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace sonde {

constexpr std::size_t kMaxLabelMatchers = 32;
constexpr std::size_t kMaxLabelValueBytes = 4096;

enum class MatchOperator : std::uint8_t {
  kEqual,     // =
  kNotEqual,  // !=
  kRegex,     // =~, the whole value
  kNotRegex,  // !~
};

// A label that is missing counts as an empty value.
struct LabelMatcher {
  std::string name;  // [A-Za-z_][A-Za-z0-9_.]*
  MatchOperator op = MatchOperator::kEqual;
  std::string value;  // valid UTF-8; a regular expression is not looked at here

  bool operator==(const LabelMatcher&) const = default;
};

// `=`, `!=`, `=~`, `!~`.
std::string_view text_of(MatchOperator op);

// `{service="checkout", pod=~"web-.*"}`; the last comma and blanks are allowed, empty braces match
// everything. Values stand in double quotes, with \\ \" \n as escapes.
//
// errors  kInvalidArgument (with the byte at which it stops to make sense), kOutOfRange (a limit).
Result<std::vector<LabelMatcher>> parse_label_matchers(std::string_view text);

// `service=checkout`: one condition, the value as it is to the end of the text.
//
// errors  as parse_label_matchers.
Result<LabelMatcher> parse_label_filter(std::string_view text);

}  // namespace sonde
