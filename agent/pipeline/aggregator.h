// SPDX-License-Identifier: Apache-2.0
// Stage 4: samples -> ProfileWindow. Counts identical stacks and adds up their weights; never
// names anything.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "core/model/profile_window.h"

namespace sonde {

// One sample, tied to its process, ready to be counted. The spans are only read during add().
struct Sample {
  std::uint32_t tgid = 0;
  std::uint64_t start_ticks = 0;
  std::uint64_t cgroup_id = 0;
  std::string_view process_name;
  ImageId executable = ImageId::kNone;
  std::uint16_t stop = 0;
  std::uint64_t weight_ns = 0;
  std::span<const FrameWord> frames;  // leaf first
};

// Thread-confined. Cost: one hash of the frames and one look-up; a copy for a new stack.
class Aggregator {
 public:
  struct Options {
    std::size_t max_stacks = 200'000;          // distinct; about 500 bytes each
    std::size_t max_frame_words = 32'000'000;  // 256 MB in all
  };
  Aggregator() : Aggregator(Options{}) {}
  explicit Aggregator(Options options) : options_(options) {}

  // False if the sample was not stored: the window is at its limit and the stack is new.
  bool add(const Sample& sample);
  // As filled so far.
  [[nodiscard]] const ProfileWindow& window() const { return window_; }
  // Hands the window over and begins an empty one.
  ProfileWindow take();

 private:
  using ProcessKey = std::tuple<std::uint32_t, std::uint64_t, std::string>;
  std::uint32_t process_index(const Sample& sample);
  static std::uint64_t hash_of(std::uint32_t process, const Sample& sample);

  const Options options_;
  ProfileWindow window_;
  std::map<ProcessKey, std::uint32_t, std::less<>> processes_;
  std::unordered_multimap<std::uint64_t, std::uint32_t> stacks_;  // hash -> index
  std::size_t frame_words_ = 0;
};

}  // namespace sonde
