// SPDX-License-Identifier: Apache-2.0
// The merged call tree behind every flame graph: root, one group per process name (or what else the
// caller groups by), then frames. Built once from a profile, or from two that are compared; the SVG
// and the payload of the page are written from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/model/profile.h"

namespace sonde {

// Numbers are those of the payload (`fk`).
enum class FlameKind : std::uint8_t {
  kGroup = 0,  // the root and the processes
  kOwn = 1,
  kLibrary = 2,
  kKernel = 3,
  kJit = 4,
  kUnresolved = 5,
  kFolded = 6,    // stands for the smallest children of its parent
  kStackCut = 7,  // first frame of a stack that is not whole
};

// A function of one image; what nodes are merged by.
struct FlameFrame {
  std::uint32_t name = 0;   // into names
  std::uint32_t image = 0;  // into the profile's images
  FlameKind kind = FlameKind::kGroup;
  bool fp_step = false;  // at least once found by a frame-pointer step
  std::string reason;    // kUnresolved: why; kStackCut: the stop reason's name
};

struct FlameNode {
  std::uint32_t parent = 0;
  std::uint32_t frame = 0;
  std::uint32_t level = 0;
  std::uint64_t self = 0;          // ticks of stacks that end here
  std::uint64_t total = 0;         // self and everything below
  std::uint64_t self_samples = 0;  // equal to self unless the tree is weighted
  std::uint64_t before = 0;        // self on the other side of a comparison
  std::uint64_t before_total = 0;

  [[nodiscard]] std::uint64_t weight() const { return total + before_total; }
};

// The processes of one group.
struct FlameGroup {
  std::uint32_t frame = 0;
  std::vector<std::uint32_t> pids;  // ascending, one each
};

// The groups that a process of the profile is shown in.
struct FlameRows {
  std::vector<std::string> names = {};   // from the root on; none: its frames begin below the root
  std::vector<std::uint32_t> pids = {};  // of the last of them
};

// A frame as addresses name it.
struct FlameStep {
  std::string name = {};  // printable()
  std::optional<std::string> image =
      {};  // printable() last component of its path; none: of any image
};

struct FlameOptions {
  // Over it the lightest subtrees become one folded child per parent, so sums stay exact. At
  // least 16.
  std::size_t max_nodes = 0;
  std::vector<FlameRows> rows = {};  // by process; empty: its name and pid
  std::vector<FlameStep> root = {};  // the tree is what is below the node at the end of this path
  const std::vector<ProfileStack>* before = nullptr;  // to compare with; indices as in the profile
};

// What stacks of one side say of themselves.
struct FlameTrust {
  std::uint64_t samples = 0;
  std::uint64_t whole = 0;  // in stacks walked to their root
  std::uint64_t early = 0;  // taken before their code was known: not in that ratio
};

class FlameTree {
 public:
  // A root that does not occur gives one node that weighs nothing.
  //
  // cost  one sort of the stacks, and of siblings: 5 us for a stack of 35 frames. Memory for the
  //       frames of all stacks and for max_nodes nodes, however many there are.
  static FlameTree build(const SymbolizedProfile& profile, const FlameOptions& options);
  static FlameTree build(const SymbolizedProfile& profile, std::size_t max_nodes) {
    return build(profile, FlameOptions{.max_nodes = max_nodes});
  }

  // Pre-order; siblings by weight, largest first, ties by name. nodes[0] is the root.
  std::vector<FlameNode> nodes;
  std::vector<FlameFrame> frames;
  std::vector<std::string> names;  // unique, hottest first
  std::vector<FlameGroup> groups;
  std::uint64_t tick_ns = 1;       // a value is self or total times this
  bool weighted = false;           // samples differ in weight: ticks are microseconds
  FlameTrust trust;                // of what is in the tree
  FlameTrust before;               // of the other side
  std::uint64_t folded_nodes = 0;  // nodes that folded children stand for
  std::uint64_t folded_ticks = 0;
};

// Frames deeper than this become one folded child (foreign files; sonde's own stay below).
inline constexpr std::uint32_t kMaxFlameLevel = 2048;

}  // namespace sonde
