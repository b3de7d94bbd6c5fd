// SPDX-License-Identifier: Apache-2.0
#include "core/model/function_name.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace sonde {
namespace {

constexpr std::string_view kAnonymous = "(anonymous namespace)";

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$';
}

// If an `operator` keyword stands at `at`, the position after its symbol (or after its word, for
// `operator new` and conversions), else `at`.
std::size_t skip_operator(std::string_view name, std::size_t at) {
  constexpr std::string_view kKeyword = "operator";
  constexpr std::array<std::string_view, 17> kSymbols = {"()", "[]", "<=>", "<<=", ">>=", "->*",
                                                         "->", "<<", ">>",  "<=",  ">=",  "<",
                                                         ">",  "&&", "||",  "==",  "!="};
  if (!name.substr(at).starts_with(kKeyword)) return at;
  if (at > 0 && is_word(name[at - 1])) return at;
  const std::size_t after = at + kKeyword.size();
  const std::string_view rest = name.substr(after);
  for (const std::string_view symbol : kSymbols) {
    if (rest.starts_with(symbol)) return after + symbol.size();
  }
  if (rest.starts_with(' ')) return after + 1;
  return at;
}

// Walks a name character by character and knows how deep in brackets it is.
class Scanner {
 public:
  explicit Scanner(std::string_view name) : name_(name) {}

  // Moves past the next character or operator; false at the end.
  bool next() {
    if (end_ >= name_.size()) return false;
    begin_ = end_;
    depth_before_ = depth_;
    if (const std::size_t after = skip_operator(name_, begin_); after != begin_) {
      end_ = after;
      return true;
    }
    end_ = begin_ + 1;
    const char c = name_[begin_];
    const bool arrow = c == '>' && begin_ > 0 && name_[begin_ - 1] == '-';
    if (c == '<' || c == '(' || c == '[' || c == '{') ++depth_;
    if ((c == '>' && !arrow) || c == ')' || c == ']' || c == '}') depth_ = std::max(0, depth_ - 1);
    return true;
  }

  [[nodiscard]] std::size_t begin() const { return begin_; }
  [[nodiscard]] std::size_t end() const { return end_; }
  [[nodiscard]] std::string_view text() const { return name_.substr(begin_, end_ - begin_); }
  [[nodiscard]] bool opens() const { return depth_before_ == 0 && depth_ == 1; }
  [[nodiscard]] bool closes() const { return depth_before_ == 1 && depth_ == 0; }
  [[nodiscard]] bool outside() const { return depth_before_ == 0 && depth_ == 0; }

 private:
  std::string_view name_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  int depth_ = 0;
  int depth_before_ = 0;
};

std::string_view without_clone_notes(std::string_view name) {
  const std::size_t at = name.find(" [clone ");
  return at == std::string_view::npos ? name : name.substr(0, at);
}

// What follows a parameter list and says nothing about which function it is.
bool is_qualifier(std::string_view rest) {
  return rest.empty() || rest.starts_with(' ') || rest.starts_with('&') ||
         rest.starts_with("[abi:");
}

std::string_view without_return_type(std::string_view name) {
  std::size_t start = 0;
  for (Scanner scan(name); scan.next();) {
    if (scan.outside() && scan.text() == " ") start = scan.end();
  }
  return name.substr(start);
}

}  // namespace

std::string without_parameters(std::string_view name) {
  name = without_clone_notes(name);
  std::string out;
  bool found = false;
  std::size_t kept_to = 0;
  for (Scanner scan(name); scan.next();) {
    if (scan.opens() && scan.text() == "(" && scan.begin() > 0 && name[scan.begin() - 1] != '.' &&
        !name.substr(scan.begin()).starts_with(kAnonymous)) {
      out += name.substr(kept_to, scan.begin() - kept_to);
      while (!scan.closes() && scan.next()) {
      }
      kept_to = scan.end();
      found = true;
      if (is_qualifier(name.substr(kept_to))) break;
    }
  }
  if (!found) return std::string(name);
  if (!is_qualifier(name.substr(kept_to))) out += name.substr(kept_to);
  const std::string_view bare = without_return_type(out);
  return bare.empty() ? std::string(name) : std::string(bare);
}

std::string without_arguments(std::string_view name, std::string_view filler) {
  std::string out;
  bool skipping = false;
  for (Scanner scan(name); scan.next();) {
    const char c = name[scan.begin()];
    const bool after_word = scan.begin() > 0 && is_word(name[scan.begin() - 1]);
    const bool go = c == '[' && !name.substr(scan.begin()).starts_with("[abi:");
    if (scan.opens() && after_word && (c == '<' || go)) {
      skipping = true;
      out += c;
      out += filler;
    }
    if (skipping && scan.closes()) skipping = false;
    if (!skipping) out += scan.text();
  }
  return skipping ? std::string(name) : out;  // never closed: not an argument list
}

std::vector<std::size_t> component_starts(std::string_view name) {
  std::vector<std::size_t> out;
  for (Scanner scan(name); scan.next();) {
    const bool second = scan.begin() > 0 && name[scan.begin() - 1] == ':';
    if (scan.outside() && scan.text() == ":" && second && scan.end() < name.size()) {
      out.push_back(scan.end());
    }
  }
  return out;
}

}  // namespace sonde
