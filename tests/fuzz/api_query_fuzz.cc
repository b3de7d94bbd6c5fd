// SPDX-License-Identifier: Apache-2.0
// The text of a query is a request that makes sense, or an error; conditions on labels read back as
// the same conditions when they are written out.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/web/profile_query.h"
#include "core/base/utf8.h"

namespace {

std::string written(const std::vector<sonde::LabelMatcher>& matchers) {
  std::string out = "{";
  for (const sonde::LabelMatcher& one : matchers) {
    out += one.name + std::string(sonde::text_of(one.op)) + "\"";
    for (const char c : one.value) {
      if (c == '"' || c == '\\') out += '\\';
      out += c == '\n' ? "\\n" : std::string(1, c);
    }
    out += "\",";
  }
  return out + "}";
}

void check(const std::vector<sonde::LabelMatcher>& matchers) {
  if (matchers.size() > sonde::kMaxLabelMatchers) std::abort();
  for (const sonde::LabelMatcher& one : matchers) {
    if (!sonde::is_valid_utf8(one.value) || one.name.empty()) std::abort();
  }
  const auto again = sonde::parse_label_matchers(written(matchers));
  if (!again || *again != matchers) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::int64_t kNow = 1'749'823'320'000'000'000;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto matchers = sonde::parse_label_matchers(text)) check(*matchers);
  if (const auto filter = sonde::parse_label_filter(text)) check({*filter});
  if (const auto time = sonde::parse_time(text, kNow); time && *time < 0) std::abort();
  if (const auto query = sonde::parse_profile_query(text, kNow)) {
    if (query->range.from_ns < 0 || query->range.from_ns >= query->range.to_ns) std::abort();
    check(query->match);
  }
  if (const auto query = sonde::parse_flame_query(text, kNow)) {
    if (query->group.size() > 2 || query->max_nodes < 1) std::abort();
    for (const sonde::FrameName& frame : query->root) {
      if (frame.name.empty() || !sonde::is_valid_utf8(frame.name)) std::abort();
    }
    check(query->match);
  }
  return 0;
}
