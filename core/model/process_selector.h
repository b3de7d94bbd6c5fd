// SPDX-License-Identifier: Apache-2.0
// A choice of processes by the labels that every process has from its first tick: what opt-outs and
// boosts are about.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/model/label_matcher.h"

namespace sonde {

constexpr std::size_t kMaxProcessSelectors = 32;

// Immutable, thread-safe.
struct ProcessSelector {
  std::string text;                    // as it was written
  std::vector<LabelMatcher> matchers;  // all hold; at least one

  bool operator==(const ProcessSelector& other) const { return text == other.text; }
};

// One condition `process=backup`, or several, all of which hold, as `{process="a",cgroup=~"/b.*"}`.
//
// errors  kInvalidArgument  none, those of label_matcher.h, or a label other than process, pid,
//                           cgroup and image
Result<ProcessSelector> parse_process_selector(std::string_view text);

// Several with `;` between them, of which any holds. A value has no `;`.
//
// errors  kInvalidArgument  as above, an empty one, or more than 32
Result<std::vector<ProcessSelector>> parse_process_selectors(std::string_view text);

}  // namespace sonde
