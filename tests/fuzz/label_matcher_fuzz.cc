// SPDX-License-Identifier: Apache-2.0
// Selectors and filters as the page, the API and scripts send them. What a filter accepts keeps its
// meaning as a selector.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/model/label_matcher.h"

namespace {

std::string_view operator_text(sonde::MatchOperator op) {
  switch (op) {
    case sonde::MatchOperator::kEqual:
      return "=";
    case sonde::MatchOperator::kNotEqual:
      return "!=";
    case sonde::MatchOperator::kMatch:
      return "=~";
    case sonde::MatchOperator::kNoMatch:
      return "!~";
  }
  std::abort();
}

std::string quoted(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const sonde::Labels labels = {{"process", text.substr(0, 40)}, {"container", "db"}};
  if (const auto matchers = sonde::parse_selector(text)) {
    (void)sonde::matches_all(*matchers, labels);
  }
  const auto filter = sonde::parse_filter(text);
  if (!filter) return 0;
  const auto selector =
      sonde::parse_selector("{" + filter->name() + std::string(operator_text(filter->op())) +
                            quoted(filter->value()) + "}");
  if (!selector || selector->size() != 1 ||
      selector->front().matches(labels) != filter->matches(labels)) {
    std::abort();
  }
  return 0;
}
