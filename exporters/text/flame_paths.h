// SPDX-License-Identifier: Apache-2.0
// Stacks as paths from the root of a flame tree, in sorted order: each shares a prefix with the one
// before, so that the nodes of the tree come by one after the other, parents first, without any
// of them being in memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/model/profile.h"

namespace sonde {

// Weights of stacks, in the ticks of the tree.
struct FlameSums {
  std::uint64_t ticks = 0;
  std::uint64_t samples = 0;
  std::uint64_t before = 0;  // ticks of the other side of a comparison

  [[nodiscard]] std::uint64_t weight() const { return ticks + before; }
  FlameSums& operator+=(const FlameSums& more) {
    ticks += more.ticks;
    samples += more.samples;
    before += more.before;
    return *this;
  }
};

// Thread-confined.
class FlamePaths {
 public:
  struct Path {
    std::size_t begin = 0;  // of its frames
    std::size_t size = 0;
    FlameSums weight;
    const ProfileStack* stack = nullptr;
    bool before = false;  // of the other side
  };

  // frames  below the root, the root itself not among them; copied.
  void add(std::span<const std::uint32_t> frames, const FlameSums& weight,
           const ProfileStack& stack, bool before);
  // Once, when all of them are there. cost: one sort, a comparison of frames at each step.
  void sort();

  // Leaves only what is below the heaviest child of the root for which `is(frame)` holds; that
  // child is the root from now on. False: there is none, and nothing is left but the old root.
  template <typename Is>
  bool enter_heaviest(const Is& is);
  // Frame of the root; 0 until it is another.
  [[nodiscard]] std::uint32_t root() const { return root_; }
  [[nodiscard]] std::span<const Path> paths() const {
    return std::span(paths_).subspan(first_, end_ - first_);
  }
  // Nodes of the tree, its root among them. cost: linear in the frames.
  [[nodiscard]] std::size_t count_nodes() const;

  // Calls, node by node in pre-order, enter(frame), and leave(self, total) once everything below it
  // has come by. Siblings come in the order of their frames' numbers.
  template <typename Enter, typename Leave>
  void walk(const Enter& enter, const Leave& leave) const;

 private:
  using Frames = std::span<const std::uint32_t>;
  [[nodiscard]] Frames frames_of(const Path& path) const {
    return Frames(frames_).subspan(path.begin, path.size);
  }
  [[nodiscard]] Frames below_root(const Path& path) const { return frames_of(path).subspan(skip_); }

  std::vector<std::uint32_t> frames_;  // of all paths
  std::vector<Path> paths_;
  // Those below the root: the frames that they have in common are skipped.
  std::size_t first_ = 0;
  std::size_t end_ = 0;
  std::size_t skip_ = 0;
  std::uint32_t root_ = 0;
};

template <typename Is>
bool FlamePaths::enter_heaviest(const Is& is) {
  std::size_t best = end_;
  std::size_t best_end = end_;
  std::uint64_t most = 0;
  for (std::size_t i = first_; i < end_;) {
    const Frames frames = below_root(paths_[i]);
    std::size_t next = i;
    std::uint64_t weight = 0;
    if (frames.empty()) {
      ++i;
      continue;
    }
    while (next < end_ && below_root(paths_[next]).front() == frames.front()) {
      weight += paths_[next++].weight.weight();
    }
    if ((best == end_ || weight > most) && is(frames.front())) {
      best = i;
      best_end = next;
      most = weight;
    }
    i = next;
  }
  const bool found = best != end_;
  first_ = best;
  end_ = best_end;
  root_ = found ? below_root(paths_[best]).front() : 0;
  skip_ = found ? skip_ + 1 : 0;
  return found;
}

template <typename Enter, typename Leave>
void FlamePaths::walk(const Enter& enter, const Leave& leave) const {
  struct Open {
    FlameSums self;
    FlameSums total;
  };
  std::vector<Open> open(1);
  const auto close_to = [&](std::size_t depth) {
    for (; open.size() > depth; open.pop_back()) {
      Open& last = open.back();
      last.total += last.self;
      leave(last.self, last.total);
      if (open.size() > 1) open[open.size() - 2].total += last.total;
    }
  };
  enter(root_);
  Frames last;
  for (const Path& path : paths()) {
    const Frames frames = below_root(path);
    const auto split = std::mismatch(frames.begin(), frames.end(), last.begin(), last.end()).first;
    const auto shared = static_cast<std::size_t>(split - frames.begin());
    close_to(shared + 1);
    for (const std::uint32_t frame : frames.subspan(shared)) {
      enter(frame);
      open.emplace_back();
    }
    open.back().self += path.weight;
    last = frames;
  }
  close_to(0);
}

}  // namespace sonde
