// SPDX-License-Identifier: Apache-2.0
// The stacks of many windows as one set: equal ones are counted together, whatever numbers their
// images had in each window. Still without names. Bounded: what does not fit is counted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "agent/store/hash_index.h"
#include "agent/store/window_walk.h"
#include "core/model/closed_window.h"
#include "core/model/label_matcher.h"

namespace sonde {

// Code that names are looked up for in one place: a file, a kernel, what one process made.
struct CodeSource {
  enum class Kind : std::uint8_t { kAddress, kFile, kKernel, kMade };
  Kind kind = Kind::kAddress;
  ImageIdentity image;  // of kKernel and kMade the content alone; of kAddress nothing

  [[nodiscard]] auto key() const {
    return std::tie(kind, image.content, image.path, image.build_id, image.deleted);
  }
};

// A frame word, its image replaced by a source.
struct MergedFrame {
  FrameWord word = 0;
  std::uint32_t source = 0;
  bool own = false;  // code of the executable of its process

  bool operator==(const MergedFrame&) const = default;
};

// What processes with the same labels, of those that are asked for, have together.
struct MergedGroup {
  std::vector<std::string> values;  // of those labels, in their order; empty: it has none
  std::vector<std::uint32_t> pids;  // ascending, each once
};

// Samples of one stack, by side of a comparison.
struct MergedStack {
  std::uint32_t group = 0;
  std::uint16_t stop = 0;
  std::uint32_t stop_source = 0;  // where the walk ended; 0: not known
  std::array<std::uint64_t, 2> samples{};
  std::array<std::uint64_t, 2> cpu_ns{};
  std::vector<std::uint32_t> frames;  // leaf first, indices into frames()
};

struct MergeLimits {
  std::size_t stacks = 200'000;
  std::size_t frames = 300'000;        // distinct
  std::size_t stack_frames = 6 << 20;  // of all stacks
};

// Thread-confined.
class StackMerger {
 public:
  static constexpr std::size_t kPidsOfSource = 3;

  // group_by  labels; stacks of processes that have the same values of all of them are put
  //           together.
  StackMerger(std::vector<std::string> group_by, MergeLimits limits);

  // Adds the stacks of the targets that are chosen (chosen_targets()).
  //
  // side  0 or 1.
  // cost  about 10 ns a frame.
  void add(const ClosedWindow& window, const std::vector<bool>& chosen, std::size_t side);

  [[nodiscard]] const std::vector<CodeSource>& sources() const { return sources_; }
  [[nodiscard]] const std::vector<MergedFrame>& frames() const { return frames_; }
  // Processes with frames in a file, the one that was added last first; at most kPidsOfSource.
  [[nodiscard]] std::span<const std::uint32_t> pids_of(std::uint32_t source) const;
  // Where stacks ended that are not whole.
  [[nodiscard]] const std::set<std::uint32_t>& stop_sources() const { return stop_sources_; }
  // Their pids become sorted.
  std::vector<MergedGroup> take_groups();
  std::vector<MergedStack> take_stacks() { return std::move(stacks_); }
  // Samples whose stacks were past the limits, by side.
  [[nodiscard]] const std::array<std::uint64_t, 2>& left_out() const { return left_out_; }

 private:
  // What words, images and processes of one window are here.
  struct WindowPlaces {
    std::vector<std::uint32_t> source_of_image;
    std::vector<std::uint32_t> group_of_process;
    std::vector<std::uint32_t> made_code_of_process;
    std::uint32_t kernel = 0;
  };

  [[nodiscard]] WindowPlaces places_of(const ClosedWindow& window, const std::vector<bool>& chosen);
  bool take_frames(const ClosedWindow& window, const WindowPlaces& places,
                   const WindowStack& stack);
  std::uint32_t frame_of(const ClosedWindow& window, const WindowPlaces& places, FrameWord word,
                         std::uint32_t process);
  std::uint32_t frame_number(const MergedFrame& frame);
  MergedStack* stack_of(const MergedStack& like);
  std::uint32_t source_of(CodeSource source);
  std::uint32_t made_code_source(const std::string& content);
  void note_pid(std::uint32_t source, std::uint32_t pid);
  std::uint32_t group_of(const Labels& labels);

  const std::vector<std::string> group_by_;
  const MergeLimits limits_;
  std::vector<CodeSource> sources_{CodeSource{}};
  std::vector<std::array<std::uint32_t, kPidsOfSource>> pids_{{}};  // by source; 0: none
  std::set<std::uint32_t> stop_sources_;
  std::map<std::tuple<CodeSource::Kind, std::string, std::string, std::string, bool>, std::uint32_t>
      source_numbers_;
  std::vector<MergedGroup> groups_;
  std::map<std::vector<std::string>, std::uint32_t> group_numbers_;
  std::vector<MergedFrame> frames_;
  HashIndex frame_numbers_;
  std::vector<MergedStack> stacks_;
  HashIndex stack_numbers_;
  std::size_t stack_frames_ = 0;
  std::array<std::uint64_t, 2> left_out_{};
  MergedStack scratch_;  // the stack that is being added
};

}  // namespace sonde
