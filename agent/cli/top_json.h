// SPDX-License-Identifier: Apache-2.0
// One window of `sonde top --json`, one line each. Keys are documented in docs/sonde.1 and only
// ever added to.
#pragma once

#include "agent/cli/top_table.h"
#include "core/base/json.h"

namespace sonde {

// At most so many rows; what they leave out is the sum `others`.
inline constexpr std::size_t kTopJsonRows = 100;

Json top_json(const TopWindow& window, TopBy by, TopSort sort, bool kernel);

}  // namespace sonde
