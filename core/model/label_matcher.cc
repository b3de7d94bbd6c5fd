// SPDX-License-Identifier: Apache-2.0
#include "core/model/label_matcher.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/utf8.h"

namespace sonde {
namespace {

// Two letters before one: `=~` begins like `=`.
constexpr std::array<std::pair<std::string_view, MatchOperator>, 4> kOperators = {{
    {"=~", MatchOperator::kRegex},
    {"!~", MatchOperator::kNotRegex},
    {"!=", MatchOperator::kNotEqual},
    {"=", MatchOperator::kEqual},
}};

bool begins_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool continues_name(char c) { return begins_name(c) || (c >= '0' && c <= '9') || c == '.'; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<LabelMatcher>> matchers() {
    std::vector<LabelMatcher> out;
    skip_blanks();
    if (!take("{")) return wrong("expected {");
    skip_blanks();
    while (!take("}")) {
      if (out.size() == kMaxLabelMatchers) return too_much("more than 32 conditions");
      LabelMatcher one;
      if (auto read = condition(one); !read) return read.error();
      out.push_back(std::move(one));
      skip_blanks();
      if (take(",")) {
        skip_blanks();
      } else if (rest().empty() || rest().front() != '}') {
        return wrong("expected , or }");
      }
    }
    skip_blanks();
    if (!rest().empty()) return wrong("something behind }");
    return out;
  }

  Result<LabelMatcher> filter() {
    LabelMatcher out;
    if (auto read = name_and_operator(out); !read) return read.error();
    out.value = rest();
    if (auto checked = check_value(out.value); !checked) return checked.error();
    return out;
  }

 private:
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

  bool take(std::string_view token) {
    if (!rest().starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  void skip_blanks() {
    while (!rest().empty() && (rest().front() == ' ' || rest().front() == '\t')) ++at_;
  }

  [[nodiscard]] Error wrong(std::string_view what) const {
    return {ErrorCode::kInvalidArgument, std::string(what) + " at byte " + std::to_string(at_ + 1)};
  }
  [[nodiscard]] static Error too_much(std::string_view what) {
    return {ErrorCode::kOutOfRange, std::string(what)};
  }

  Result<void> name_and_operator(LabelMatcher& into) {
    const auto text = rest();
    const auto end = std::find_if_not(text.begin(), text.end(), continues_name);
    into.name.assign(text.begin(), end);
    if (into.name.empty() || !begins_name(into.name[0])) return wrong("expected a label's name");
    if (into.name.size() > kMaxLabelValueBytes) return too_much("a name of more than 4096 bytes");
    at_ += into.name.size();
    skip_blanks();
    for (const auto& [token, op] : kOperators) {
      if (!take(token)) continue;
      into.op = op;
      return {};
    }
    return wrong("expected =, !=, =~ or !~");
  }

  Result<void> condition(LabelMatcher& into) {
    if (auto read = name_and_operator(into); !read) return read;
    skip_blanks();
    if (!take("\"")) return wrong("expected a value in double quotes");
    while (!take("\"")) {
      if (rest().empty()) return wrong("the value has no closing quote");
      char c = text_[at_++];
      if (c == '\\') {
        constexpr std::string_view kEscapes = "\\\"n";
        if (rest().empty() || kEscapes.find(rest().front()) == std::string_view::npos) {
          return wrong("expected \\\\, \\\" or \\n");
        }
        c = text_[at_++] == 'n' ? '\n' : text_[at_ - 1];
      }
      into.value += c;
    }
    return check_value(into.value);
  }

  [[nodiscard]] Result<void> check_value(const std::string& value) const {
    if (value.size() > kMaxLabelValueBytes) return too_much("a value of more than 4096 bytes");
    if (!is_valid_utf8(value)) return wrong("a value that is not UTF-8");
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string_view text_of(MatchOperator op) {
  const auto found = std::find_if(kOperators.begin(), kOperators.end(),
                                  [op](const auto& known) { return known.second == op; });
  return found->first;
}

Result<std::vector<LabelMatcher>> parse_label_matchers(std::string_view text) {
  return Parser(text).matchers();
}

Result<LabelMatcher> parse_label_filter(std::string_view text) { return Parser(text).filter(); }

}  // namespace sonde
