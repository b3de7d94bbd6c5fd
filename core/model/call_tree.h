// SPDX-License-Identifier: Apache-2.0
// Who calls a function, what it calls, and call trees: the sums of aggregate.h that follow calls.
// Pure functions under the same conditions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/model/aggregate.h"
#include "core/model/profile.h"

namespace sonde {

// Functions that `query` means: those of exactly this name, else those whose name without
// parameters is this, else those that contain it. Flags by function; none set = no such function.
struct FunctionMatch {
  std::vector<bool> chosen;
  std::size_t count = 0;
  bool exact = false;  // false: by substring, may be several functions
};
FunctionMatch find_functions(const FunctionTable& functions, std::string_view query);

// Weight of the stacks that hold a chosen function, recursion once.
struct ChosenTotals {
  Weight self;
  Weight total;
};
ChosenTotals sum_chosen(const SymbolizedProfile& profile, const FunctionTable& functions,
                        const FunctionMatch& match);

// Functions directly above (callers) or below (callees) any chosen function, each once per stack,
// heaviest first. kNoFunction = the chosen function was the first (or the leaf) frame.
inline constexpr std::uint32_t kNoFunction = 0xffffffffU;
struct NeighbourTotals {
  std::uint32_t function = 0;
  Weight weight;
};
enum class Direction { kCallers, kCallees };
std::vector<NeighbourTotals> sum_neighbours(const SymbolizedProfile& profile,
                                            const FunctionTable& functions,
                                            const FunctionMatch& match, Direction direction);

// A call tree as a flat list: node 0 is the root (no function), parents come before children.
struct CallNode {
  std::uint32_t function = kNoFunction;
  std::uint32_t parent = 0;
  Weight total;
  Weight self;  // stacks that end here
};
using CallTree = std::vector<CallNode>;

// All stacks, first frame at the top.
CallTree build_call_tree(const SymbolizedProfile& profile, const FunctionTable& functions);
// What chosen functions call, from their outermost occurrence down, or who calls them, from their
// innermost occurrence up. Stacks without one are left out.
CallTree build_call_tree(const SymbolizedProfile& profile, const FunctionTable& functions,
                         const FunctionMatch& match, Direction direction);

}  // namespace sonde
