// SPDX-License-Identifier: Apache-2.0
#include "core/model/process_selector.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/ascii.h"

namespace sonde {
namespace {

constexpr std::array<std::string_view, 4> kLabels = {"process", "pid", "cgroup", "image"};

Result<std::vector<LabelMatcher>> parse_matchers(std::string_view text) {
  if (text.starts_with('{')) return parse_selector(text);
  auto one = parse_filter(text);
  if (!one) return one.error();
  return std::vector<LabelMatcher>{*std::move(one)};
}

}  // namespace

Result<ProcessSelector> parse_process_selector(std::string_view text) {
  text = trimmed(text);
  const Error none{ErrorCode::kInvalidArgument,
                   "no condition: it would be about every process; such as process=backup"};
  if (text.empty()) return none;
  auto matchers = parse_matchers(text);
  if (!matchers) return matchers.error();
  if (matchers->empty()) return none;
  for (const LabelMatcher& one : *matchers) {
    if (std::ranges::find(kLabels, one.name()) == kLabels.end()) {
      return Error{ErrorCode::kInvalidArgument,
                   "the label " + one.name() + " is none of process, pid, cgroup, image"};
    }
  }
  return ProcessSelector{std::string(text), *std::move(matchers)};
}

Result<std::vector<ProcessSelector>> parse_process_selectors(std::string_view text) {
  std::vector<ProcessSelector> out;
  while (true) {
    const std::size_t end = std::min(text.find(';'), text.size());
    auto one = parse_process_selector(text.substr(0, end));
    if (!one) return one.error();
    if (out.size() == kMaxProcessSelectors) {
      return Error{ErrorCode::kInvalidArgument, "more than 32 choices of processes"};
    }
    out.push_back(*std::move(one));
    if (end == text.size()) return out;
    text.remove_prefix(end + 1);
  }
}

}  // namespace sonde
