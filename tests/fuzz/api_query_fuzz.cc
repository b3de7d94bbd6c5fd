// SPDX-License-Identifier: Apache-2.0
// The text of a query is a request that makes sense, or an error.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "agent/web/profile_query.h"
#include "core/base/utf8.h"

namespace {

void check(const std::vector<sonde::LabelMatcher>& matchers) {
  if (matchers.size() > sonde::kMaxLabelMatchers) std::abort();
  for (const sonde::LabelMatcher& one : matchers) {
    if (!sonde::is_valid_utf8(one.value()) || one.name().empty()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::int64_t kNow = 1'749'823'320'000'000'000;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
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
