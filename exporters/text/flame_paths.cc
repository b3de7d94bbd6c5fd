// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/flame_paths.h"

namespace sonde {

void FlamePaths::add(std::span<const std::uint32_t> frames, const FlameSums& weight,
                     const ProfileStack& stack, bool before) {
  paths_.push_back({.begin = frames_.size(),
                    .size = frames.size(),
                    .weight = weight,
                    .stack = &stack,
                    .before = before});
  frames_.insert(frames_.end(), frames.begin(), frames.end());
}

void FlamePaths::sort() {
  std::ranges::sort(paths_, [this](const Path& a, const Path& b) {
    const Frames left = frames_of(a);
    const Frames right = frames_of(b);
    return std::ranges::lexicographical_compare(left, right);
  });
  end_ = paths_.size();
}

std::size_t FlamePaths::count_nodes() const {
  std::size_t nodes = 0;
  walk([&](std::uint32_t) { ++nodes; }, [](const FlameSums&, const FlameSums&) {});
  return nodes;
}

}  // namespace sonde
