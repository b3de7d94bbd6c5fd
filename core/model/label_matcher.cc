// SPDX-License-Identifier: Apache-2.0
#include "core/model/label_matcher.h"

#include <algorithm>
#include <utility>

#include "core/base/utf8.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxNameBytes = 128;
constexpr std::size_t kMaxValueBytes = 4'096;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_char(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '.'; }

struct OperatorText {
  std::string_view text;
  MatchOperator op;
};
// Longer ones first: `=` begins `=~`.
constexpr OperatorText kOperators[] = {{"=~", MatchOperator::kMatch},
                                       {"!~", MatchOperator::kNoMatch},
                                       {"!=", MatchOperator::kNotEqual},
                                       {"=", MatchOperator::kEqual}};

// What selectors and filters are read with.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  void skip_space() {
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string_view take_name() {
    const std::size_t begin = at_;
    while (!at_end() && is_name_char(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  std::optional<MatchOperator> take_operator() {
    for (const OperatorText& known : kOperators) {
      if (!text_.substr(at_).starts_with(known.text)) continue;
      at_ += known.text.size();
      return known.op;
    }
    return std::nullopt;
  }
  std::string_view take_rest() { return text_.substr(std::exchange(at_, text_.size())); }
  // A value in double quotes; none if it is not well-formed.
  std::optional<std::string> take_quoted() {
    if (!take('"')) return std::nullopt;
    std::string value;
    while (!at_end()) {
      const char c = text_[at_++];
      if (c == '"') return value;
      if (c != '\\') {
        value += c;
        continue;
      }
      if (at_end()) return std::nullopt;
      const char escaped = text_[at_++];
      if (escaped != '"' && escaped != '\\' && escaped != 'n') return std::nullopt;
      value += escaped == 'n' ? '\n' : escaped;
    }
    return std::nullopt;
  }
  [[nodiscard]] Error expected(std::string_view what) const {
    return Error{ErrorCode::kInvalidArgument,
                 "selector: " + std::string(what) + " expected at byte " + std::to_string(at_)};
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

Result<LabelMatcher> scan_matcher(Scanner& scanner) {
  scanner.skip_space();
  const std::string_view name = scanner.take_name();
  if (name.empty()) return scanner.expected("a label name");
  scanner.skip_space();
  const auto op = scanner.take_operator();
  if (!op) return scanner.expected("= != =~ or !~");
  scanner.skip_space();
  const auto value = scanner.take_quoted();
  if (!value) return scanner.expected("a value in double quotes");
  return LabelMatcher::make(name, *op, *value);
}

}  // namespace

Result<LabelMatcher> LabelMatcher::make(std::string_view name, MatchOperator op,
                                        std::string_view value) {
  if (name.empty() || name.size() > kMaxNameBytes || !is_letter(name.front()) ||
      !std::ranges::all_of(name, is_name_char)) {
    return Error{ErrorCode::kInvalidArgument, "no label name"};
  }
  if (value.size() > kMaxValueBytes) {
    return Error{ErrorCode::kInvalidArgument, "a label value of more than 4,096 bytes"};
  }
  if (!is_valid_utf8(value)) {
    return Error{ErrorCode::kInvalidArgument, "a label value that is not UTF-8"};
  }
  LabelMatcher matcher(name, op, value);
  if (op == MatchOperator::kMatch || op == MatchOperator::kNoMatch) {
    auto pattern = Pattern::compile(value);
    if (!pattern) return pattern.error().with_context(name);
    matcher.pattern_ = std::move(*pattern);
  }
  return matcher;
}

bool LabelMatcher::matches(const Labels& labels) const {
  const auto found = labels.find(name_);
  const std::string_view value = found == labels.end() ? std::string_view() : found->second;
  const bool is_it = pattern_ ? pattern_->matches(value) : value == value_;
  const bool negated =
      operator_ == MatchOperator::kNotEqual || operator_ == MatchOperator::kNoMatch;
  return is_it != negated;
}

bool matches_all(const std::vector<LabelMatcher>& matchers, const Labels& labels) {
  return std::ranges::all_of(matchers, [&](const auto& one) { return one.matches(labels); });
}

Result<LabelMatcher> parse_filter(std::string_view text) {
  Scanner scanner(text);
  const std::string_view name = scanner.take_name();
  const auto op = scanner.take_operator();
  if (!op) return scanner.expected("= != =~ or !~");
  return LabelMatcher::make(name, *op, scanner.take_rest());
}

Result<std::vector<LabelMatcher>> parse_selector(std::string_view text) {
  Scanner scanner(text);
  std::vector<LabelMatcher> matchers;
  scanner.skip_space();
  const bool in_braces = scanner.take('{');
  scanner.skip_space();
  bool closed = in_braces && scanner.take('}');
  while (!closed && (in_braces || !scanner.at_end())) {
    auto matcher = scan_matcher(scanner);
    if (!matcher) return matcher.error();
    if (matchers.size() == kMaxLabelMatchers) return scanner.expected("no more than 32 conditions");
    matchers.push_back(std::move(*matcher));
    scanner.skip_space();
    closed = in_braces && scanner.take('}');
    if (closed || (!in_braces && scanner.at_end())) break;
    if (!scanner.take(',')) return scanner.expected(in_braces ? "`,` or `}`" : "`,`");
  }
  scanner.skip_space();
  if (!scanner.at_end()) return scanner.expected("the end");
  return matchers;
}

}  // namespace sonde
