// SPDX-License-Identifier: Apache-2.0
// The profile's figures as one JSON object: what `record --json` and `report --json` print. Keys
// are documented in docs/sonde.1 and only ever added to.
#pragma once

#include <cstddef>

#include "agent/cli/summary.h"
#include "core/base/json.h"
#include "core/model/call_tree.h"
#include "core/model/profile.h"

namespace sonde {

// top  rows of `top` (functions by self time); 0 = all.
Json profile_json(const SymbolizedProfile& profile, const ProfileSums& sums, std::size_t top);

Json neighbours_json(const FunctionTable& functions, const std::vector<NeighbourTotals>& rows);
// Nested objects with `calls`, from the children of node 0 on.
Json tree_json(const FunctionTable& functions, const CallTree& tree);
Json images_json(const std::vector<ImageTotals>& images);

}  // namespace sonde
