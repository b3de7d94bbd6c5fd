// SPDX-License-Identifier: Apache-2.0
#include "agent/store/stack_merger.h"

#include <algorithm>
#include <span>
#include <utility>

#include "bpf/abi/frame.h"
#include "core/base/checksum.h"
#include "core/model/frame_maker.h"

namespace sonde {
namespace {

constexpr std::size_t kTidyPids = 4'096;

// Fibonacci hashing: the high bits of the product are the well mixed ones.
std::uint64_t mixed(std::uint64_t value) { return value * 0x9e3779b97f4a7c15ULL; }

std::uint64_t hash_of(const MergedFrame& frame) {
  return mixed(frame.word ^ mixed((std::uint64_t{frame.source} << 1U) | (frame.own ? 1U : 0U)));
}

std::uint64_t hash_of(const MergedStack& stack) {
  return checksum(std::as_bytes(std::span(stack.frames))) ^
         mixed((std::uint64_t{stack.group} << 32U) ^ (std::uint64_t{stack.stop_source} << 8U) ^
               stack.stop);
}

void tidy(std::vector<std::uint32_t>& pids) {
  std::ranges::sort(pids);
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
}

}  // namespace

StackMerger::StackMerger(std::vector<std::string> group_by, MergeLimits limits)
    : group_by_(std::move(group_by)), limits_(limits) {}

void StackMerger::add(const ClosedWindow& window, const std::vector<bool>& chosen,
                      std::size_t side) {
  const WindowPlaces places = places_of(window, chosen);
  for (const WindowStack& stack : window.window.stacks) {
    if (stack.samples == 0 || !chosen[window.target_of_process[stack.process]]) continue;
    MergedStack* into = nullptr;
    if (take_frames(window, places, stack)) {
      scratch_.group = places.group_of_process[stack.process];
      scratch_.stop = stack.stop;
      scratch_.stop_source =
          is_whole(stack.stop) ? 0
                               : places.source_of_image[static_cast<std::size_t>(stack.stop_image)];
      into = stack_of(scratch_);
    }
    if (into == nullptr) {
      left_out_[side] += stack.samples;
      continue;
    }
    into->samples[side] += stack.samples;
    into->cpu_ns[side] += stack.cpu_ns;
  }
}

StackMerger::WindowPlaces StackMerger::places_of(const ClosedWindow& window,
                                                 const std::vector<bool>& chosen) {
  WindowPlaces places;
  places.source_of_image.reserve(window.images.size());
  for (const ImageIdentity& image : window.images) {
    const bool is_file = !image.path.empty();
    places.source_of_image.push_back(is_file ? source_of({CodeSource::Kind::kFile, image}) : 0);
  }
  places.kernel =
      source_of({CodeSource::Kind::kKernel,
                 {.path = {}, .build_id = {}, .content = window.kernel_content, .deleted = false}});
  const std::uint32_t no_map = made_code_source("");
  std::vector<std::uint32_t> group_of_target(window.targets.size());
  std::vector<bool> is_known(window.targets.size());
  for (std::size_t i = 0; i < window.window.processes.size(); ++i) {
    const std::uint32_t target = window.target_of_process[i];
    std::uint32_t& group = group_of_target[target];
    if (chosen[target]) {
      if (!is_known[target]) group = group_of(window.targets[target]);
      is_known[target] = true;
      std::vector<std::uint32_t>& pids = groups_[group].pids;
      if (pids.size() >= kTidyPids && (pids.size() & (pids.size() - 1)) == 0) tidy(pids);
      const std::uint32_t pid = window.window.processes[i].tgid;
      if (pids.empty() || pids.back() != pid) pids.push_back(pid);
    }
    places.group_of_process.push_back(group);
    const std::uint32_t made = window.made_code_of_process[i];
    places.made_code_of_process.push_back(
        made == 0 ? no_map : made_code_source(window.images[made].content));
  }
  return places;
}

std::uint32_t StackMerger::group_of(const Labels& labels) {
  std::vector<std::string> values;
  values.reserve(group_by_.size());
  for (const std::string& name : group_by_) {
    const auto found = labels.find(name);
    values.push_back(found == labels.end() ? "" : found->second);
  }
  const auto [entry, fresh] =
      group_numbers_.try_emplace(values, static_cast<std::uint32_t>(groups_.size()));
  if (fresh) groups_.push_back({.values = std::move(values), .pids = {}});
  return entry->second;
}

std::uint32_t StackMerger::source_of(CodeSource source) {
  const auto [entry, fresh] =
      source_numbers_.try_emplace(source.key(), static_cast<std::uint32_t>(sources_.size()));
  if (fresh) {
    sources_.push_back(std::move(source));
    pids_.emplace_back();
  }
  return entry->second;
}

std::uint32_t StackMerger::made_code_source(const std::string& content) {
  return source_of({CodeSource::Kind::kMade,
                    {.path = {}, .build_id = {}, .content = content, .deleted = false}});
}

// The stack's frames to scratch_; false: past a limit.
bool StackMerger::take_frames(const ClosedWindow& window, const WindowPlaces& places,
                              const WindowStack& stack) {
  std::vector<std::uint32_t>& frames = scratch_.frames;
  frames.clear();
  bool fits = true;
  for_each_frame(stack.frames, [&](FrameWord word) {
    if (SONDE_FRAME_TAG(word) == SONDE_TAG_SPECIAL) return;
    frames.push_back(frame_of(window, places, word, stack.process));
    fits &= frames.back() != HashIndex::kNone;
  });
  // Readers of profiles (go tool pprof among them) drop samples without any frame.
  if (frames.empty()) frames.push_back(frame_of(window, places, kUnknownCode, stack.process));
  return fits && frames.back() != HashIndex::kNone;
}

std::uint32_t StackMerger::frame_of(const ClosedWindow& window, const WindowPlaces& places,
                                    FrameWord word, std::uint32_t process) {
  MergedFrame frame{.word = word};
  switch (SONDE_FRAME_TAG(word)) {
    case SONDE_TAG_IMAGE: {
      const ImageId image = image_of_frame(word);
      const ImageId executable = window.window.processes[process].executable;
      frame.word = with_image(word, ImageId::kNone);
      frame.source = places.source_of_image[static_cast<std::size_t>(image)];
      frame.own = executable != ImageId::kNone && image == executable;
      note_pid(frame.source, window.window.processes[process].tgid);
      break;
    }
    case SONDE_TAG_KERNEL:
      frame.source = places.kernel;
      break;
    default:
      if (is_made_code(word)) frame.source = places.made_code_of_process[process];
  }
  return frame_number(frame);
}

void StackMerger::note_pid(std::uint32_t source, std::uint32_t pid) {
  std::array<std::uint32_t, kPidsOfSource>& pids = pids_[source];
  if (pids.front() == pid) return;
  const auto place = std::ranges::find(pids, pid);
  std::shift_right(pids.begin(), place == pids.end() ? place : place + 1, 1);
  pids.front() = pid;
}

std::span<const std::uint32_t> StackMerger::pids_of(std::uint32_t source) const {
  const std::array<std::uint32_t, kPidsOfSource>& pids = pids_[source];
  return std::span(pids).first(
      static_cast<std::size_t>(std::ranges::find(pids, 0U) - pids.begin()));
}

std::uint32_t StackMerger::frame_number(const MergedFrame& frame) {
  const std::uint64_t hash = hash_of(frame);
  const std::uint32_t known =
      frame_numbers_.find(hash, [&](std::uint32_t i) { return frames_[i] == frame; });
  if (known != HashIndex::kNone || frames_.size() >= limits_.frames) return known;
  const auto number = static_cast<std::uint32_t>(frames_.size());
  frame_numbers_.add(hash, number);
  frames_.push_back(frame);
  return number;
}

// The stack that is like this one, but for its samples; null: past a limit.
MergedStack* StackMerger::stack_of(const MergedStack& like) {
  const std::uint64_t hash = hash_of(like);
  const std::uint32_t number = stack_numbers_.find(hash, [&](std::uint32_t i) {
    const MergedStack& known = stacks_[i];
    return known.group == like.group && known.stop == like.stop &&
           known.stop_source == like.stop_source && known.frames == like.frames;
  });
  if (number != HashIndex::kNone) return &stacks_[number];
  if (stacks_.size() >= limits_.stacks ||
      stack_frames_ + like.frames.size() > limits_.stack_frames) {
    return nullptr;
  }
  stack_numbers_.add(hash, static_cast<std::uint32_t>(stacks_.size()));
  stack_frames_ += like.frames.size();
  if (like.stop_source != 0) stop_sources_.insert(like.stop_source);
  stacks_.push_back(like);
  return &stacks_.back();
}

std::vector<MergedGroup> StackMerger::take_groups() {
  for (MergedGroup& group : groups_) tidy(group.pids);
  return std::move(groups_);
}

}  // namespace sonde
