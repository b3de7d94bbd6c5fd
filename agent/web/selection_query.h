// SPDX-License-Identifier: Apache-2.0
// What all questions of the API have in common: a type, a range of time, conditions on labels.
// Stateless, thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/web/parameters.h"
#include "agent/web/time_range.h"
#include "core/base/result.h"
#include "core/model/label_matcher.h"

namespace sonde {

struct SelectionQuery {
  std::string type = "cpu";
  TimeRange range;
  std::vector<LabelMatcher> match;  // all of them
};

// Takes `type`, `from` and `to`, and each `f` behind the conditions that are there already.
//
// errors of these  kInvalidArgument, with the parameter in front.
Result<void> take_selection(const Parameters& from, std::int64_t now_ns, SelectionQuery& into);
Result<void> add_filters(const Parameters& from, std::vector<LabelMatcher>& into);

// The place of a parameter's value among those that it may have; the first if it is not given.
Result<std::size_t> choice(const Parameters& from, std::string_view name,
                           std::span<const std::string_view> words);
// A number from `least` to `most`.
Result<std::uint64_t> number_of(const Parameters& from, std::string_view name,
                                std::uint64_t fallback, std::uint64_t least, std::uint64_t most);
// `live`: 0 or 1.
Result<bool> live_of(const Parameters& from);

// Letters, digits, `_` and `.`, no digit first: what a label is called.
bool is_label_name(std::string_view text);

// The range as windows have it: relative times count from the begin of the window that is open, so
// that a range of a minute has a minute of whole windows. Absolute times stay as they are.
//
// window_ns  length of a window, > 0.
TimeRange in_whole_windows(const TimeRange& range, std::int64_t window_ns);

}  // namespace sonde
