// SPDX-License-Identifier: Apache-2.0
// Which nodes of a flame tree are worth a place in memory: the heaviest, found in a first walk over
// all of them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "exporters/text/flame_paths.h"

namespace sonde {

// Thread-confined. Use once for one walk.
class NodeChoice {
 public:
  // cost  up to two walks, and max_nodes numbers while it lasts.
  NodeChoice(const FlamePaths& paths, std::size_t max_nodes);

  // Whether a node stays that is being left, after all those below it: whatever is lighter than the
  // max_nodes heaviest does not. What is kept has its ancestors kept.
  //
  // has_kept  one below it was kept.
  bool keeps(std::uint64_t weight, bool has_kept);
  // That there can be at a time: those that stay, and the path to the one that is looked at.
  [[nodiscard]] std::size_t most_nodes() const { return most_nodes_; }

 private:
  std::size_t most_nodes_ = 0;
  std::uint64_t lightest_ = 0;  // of those that stay
  std::size_t ties_ = 0;        // that stay of those with this weight
};

}  // namespace sonde
