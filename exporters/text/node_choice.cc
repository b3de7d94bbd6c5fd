// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/node_choice.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

#include "exporters/text/flame_tree.h"

namespace sonde {

NodeChoice::NodeChoice(const FlamePaths& paths, std::size_t max_nodes)
    : most_nodes_(paths.count_nodes()), ties_(std::numeric_limits<std::size_t>::max()) {
  if (most_nodes_ <= max_nodes) return;
  most_nodes_ = std::min(most_nodes_, max_nodes + 2 * kMaxFlameLevel);
  std::vector<std::uint64_t> heaviest;  // a heap, the lightest of them on top
  heaviest.reserve(max_nodes + 1);
  const auto leave = [&](const FlameSums& /*self*/, const FlameSums& total) {
    if (heaviest.size() == max_nodes && total.weight() <= heaviest.front()) return;
    heaviest.push_back(total.weight());
    std::ranges::push_heap(heaviest, std::greater<>());
    if (heaviest.size() <= max_nodes) return;
    std::ranges::pop_heap(heaviest, std::greater<>());
    heaviest.pop_back();
  };
  paths.walk([](std::uint32_t) {}, leave);
  lightest_ = heaviest.front();
  ties_ = static_cast<std::size_t>(std::ranges::count(heaviest, lightest_));
}

bool NodeChoice::keeps(std::uint64_t weight, bool has_kept) {
  if (weight != lightest_) return weight > lightest_;
  if (!has_kept && ties_ == 0) return false;
  ties_ -= ties_ > 0 ? 1U : 0U;
  return true;
}

}  // namespace sonde
