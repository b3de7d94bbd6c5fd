// SPDX-License-Identifier: Apache-2.0
// Which targets somebody wants: conditions on their labels, as Prometheus writes them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/pattern.h"
#include "core/base/result.h"
#include "core/model/closed_window.h"

namespace sonde {

constexpr std::size_t kMaxLabelMatchers = 32;

enum class MatchOperator { kEqual, kNotEqual, kMatch, kNoMatch };  // = != =~ !~

// One condition. A label that a target does not have is the empty text. Thread-safe.
class LabelMatcher {
 public:
  // errors  kInvalidArgument  no label name ([a-zA-Z_][a-zA-Z0-9_.]*, at most 128 bytes), a value
  //                           of more than 4,096 bytes or not UTF-8, or Pattern::compile()'s
  static Result<LabelMatcher> make(std::string_view name, MatchOperator op, std::string_view value);

  [[nodiscard]] bool matches(const Labels& labels) const;
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] MatchOperator op() const { return operator_; }
  [[nodiscard]] const std::string& value() const { return value_; }

 private:
  LabelMatcher(std::string_view name, MatchOperator op, std::string_view value)
      : name_(name), operator_(op), value_(value) {}
  std::string name_;
  MatchOperator operator_;
  std::string value_;
  std::optional<Pattern> pattern_;
};

// All conditions hold; true if there are none.
bool matches_all(const std::vector<LabelMatcher>& matchers, const Labels& labels);

// `process=~post.*`: name, operator, and the value as it is to the end.
// errors  kInvalidArgument  no operator, or LabelMatcher::make()'s
Result<LabelMatcher> parse_filter(std::string_view text);

// `{process="postgres",container!~"a|b"}`, with or without the braces; values in double quotes with
// the escapes \" \\ \n. At most 32 conditions.
// errors  kInvalidArgument  the message gives the byte offset
Result<std::vector<LabelMatcher>> parse_selector(std::string_view text);

}  // namespace sonde
