// SPDX-License-Identifier: Apache-2.0
// Calls on the terminal: who calls a function, what it calls, and call trees in which chains of
// single calls share a line. Lines come without a newline, none wider than the terminal.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "agent/cli/tables.h"
#include "agent/cli/terminal.h"
#include "core/model/aggregate.h"
#include "core/model/call_tree.h"

namespace sonde {

// Neighbours as a table: share of all CPU time, share of the chosen function's own total.
Lines neighbour_lines(const FunctionTable& functions, const std::vector<NeighbourTotals>& rows,
                      const Weight& chosen, std::uint64_t all_ns, Direction direction,
                      std::size_t max_rows, const Pen& pen);

// The tree as lines, heaviest child first.
//
// max_lines  the heaviest so many; std::nullopt = up to 40 lines of at least 0.5 %; 0 = all.
// all_ns     what the shares are of.
Lines tree_lines(const FunctionTable& functions, const CallTree& tree, std::uint64_t all_ns,
                 std::optional<std::size_t> max_lines, const Pen& pen);

}  // namespace sonde
