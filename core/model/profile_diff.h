// SPDX-License-Identifier: Apache-2.0
// Two sides of profiles brought to common functions, images, processes and call paths, each with
// its sums on both. Pure; the profiles must outlive it (it views their strings), their indices
// must be valid, which decoders check.
//
// Two builds of one program are to be compared, so names are matched without what only tells
// builds apart: an image is its file name up to `.so` (no folder, no version, no `(deleted)`); a
// function is its name in its image without a Rust hash (`::h` and 16 digits) or `.llvm.NUMBER`.
// Code without a name (`file+0x...`) is told apart by address only where both sides ran one build
// of its image, by build id; else it is one function, `(unnamed)`.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/change.h"
#include "core/model/profile.h"

namespace sonde {

enum class DiffBy { kFunction, kProcess, kImage };

// What is compared. Text is that of the newer side, if it is there. Views of the profiles.
struct DiffItem {
  std::string_view name;
  std::string_view image;  // path, of functions and images only
  Origin origin = Origin::kOwn;
};

using SidePair = std::array<SampledSum, 2>;  // before, after

struct DiffRow {
  std::uint32_t item = 0;  // into ProfileDiff::items()
  SidePair self;           // it was the leaf; a process's self is its total
  SidePair total;          // it was on the stack; recursion counts once
};

// Node 0 is the root (no function); parents come before children.
struct DiffNode {
  std::uint32_t function = 0;  // into items(kFunction)
  std::uint32_t parent = 0;
  SidePair total;
};

class ProfileDiff {
 public:
  // Each side is one or more recordings: their CPU time and durations add up.
  //
  // cost  linear in the frames.
  ProfileDiff(std::span<const SymbolizedProfile> before, std::span<const SymbolizedProfile> after);

  // 0 = before, 1 = after. seconds is 0 unless every profile of the side has a duration.
  [[nodiscard]] const ComparedSide& side(std::size_t which) const { return sides_.at(which).whole; }
  [[nodiscard]] const std::vector<DiffItem>& items(DiffBy by) const;

  // Sums of every function, process or image that has samples, in no order.
  [[nodiscard]] std::vector<DiffRow> rows(DiffBy by) const;
  // All call paths of both sides.
  [[nodiscard]] std::vector<DiffNode> call_tree() const;

 private:
  class Numbering;
  struct Part {  // one profile
    const SymbolizedProfile* profile = nullptr;
    std::vector<std::uint32_t> function_of_frame;
    std::vector<std::uint32_t> item_of_process;
  };
  struct Side {
    ComparedSide whole;
    std::vector<Part> parts;
  };

  std::array<Side, 2> sides_;
  std::vector<DiffItem> functions_;
  std::vector<DiffItem> images_;
  std::vector<DiffItem> processes_;
  std::vector<std::uint32_t> image_of_function_;
};

// What images and functions are matched by, see above.
std::string_view image_key(std::string_view path);
std::string_view function_key(std::string_view name);

}  // namespace sonde
