// SPDX-License-Identifier: Apache-2.0
// JSON written straight to text, for answers with hundreds of thousands of numbers: no tree of
// values in between (core/base/json.h is for the small ones).
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>

#include "exporters/text/escape.h"

namespace sonde {

// Brackets are the caller's to match; keys are ours and need no escapes.
// Thread-confined.
class JsonText {
 public:
  explicit JsonText(std::string& out) : out_(out) {}

  JsonText& key(std::string_view name) {
    comma();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    fresh_ = true;
    return *this;
  }
  template <typename T>
  JsonText& number(T value) {
    comma();
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value)) value = 0;  // JSON has no such number
    }
    std::array<char, 40> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    out_.append(text.data(), end);
    return *this;
  }
  JsonText& text(std::string_view value) {
    comma();
    append_json_string(out_, value);
    return *this;
  }
  JsonText& open(char bracket) {
    comma();
    out_ += bracket;
    fresh_ = true;
    return *this;
  }
  JsonText& close(char bracket) {
    out_ += bracket;
    fresh_ = false;
    return *this;
  }
  template <typename Items, typename Fn>
  JsonText& array(std::string_view name, const Items& items, Fn&& value_of) {
    key(name).open('[');
    for (const auto& item : items) number(value_of(item));
    return close(']');
  }
  JsonText& counts(std::string_view name, const std::map<std::string, std::uint64_t>& items) {
    key(name).open('{');
    for (const auto& [label, count] : items) {
      text(label);
      out_ += ':';
      fresh_ = true;
      number(count);
    }
    return close('}');
  }

 private:
  void comma() {
    if (!fresh_) out_ += ',';
    fresh_ = false;
  }

  std::string& out_;
  bool fresh_ = true;  // no comma before the next token
};

}  // namespace sonde
