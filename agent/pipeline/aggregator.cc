// SPDX-License-Identifier: Apache-2.0
#include "agent/pipeline/aggregator.h"

#include <algorithm>
#include <string>
#include <utility>

#include "bpf/abi/frame.h"

namespace sonde {
namespace {

ImageId image_of(FrameWord frame) {
  if (SONDE_FRAME_TAG(frame) != SONDE_TAG_IMAGE) return ImageId::kNone;
  return image_of_frame(frame);
}

}  // namespace

std::uint32_t Aggregator::process_index(const Sample& sample) {
  ProcessKey key{sample.tgid, sample.start_ticks, std::string(sample.process_name)};
  const auto [entry, fresh] =
      processes_.try_emplace(std::move(key), static_cast<std::uint32_t>(window_.processes.size()));
  if (fresh) {
    window_.processes.push_back({.tgid = sample.tgid,
                                 .start_ticks = sample.start_ticks,
                                 .name = std::string(sample.process_name),
                                 .executable = sample.executable});
  }
  WindowProcess& process = window_.processes[entry->second];
  if (process.executable == ImageId::kNone) process.executable = sample.executable;
  process.cgroup_id = sample.cgroup_id;
  return entry->second;
}

std::uint64_t Aggregator::hash_of(std::uint32_t process, const Sample& sample) {
  // FNV-1a over words with a final mix: stacks differ in few bits of few words.
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ (std::uint64_t{process} << 16) ^ sample.stop;
  for (const FrameWord word : sample.frames) {
    hash = (hash ^ word) * 0x100000001b3ULL;
    hash ^= hash >> 29;
  }
  return hash;
}

bool Aggregator::add(const Sample& sample) {
  const std::uint32_t process = process_index(sample);
  const std::uint64_t hash = hash_of(process, sample);
  const auto [first, last] = stacks_.equal_range(hash);
  for (auto it = first; it != last; ++it) {
    WindowStack& stack = window_.stacks[it->second];
    if (stack.process == process && stack.stop == sample.stop &&
        std::ranges::equal(stack.frames, sample.frames)) {
      ++stack.samples;
      stack.cpu_ns += sample.weight_ns;
      ++window_.samples;
      return true;
    }
  }
  if (window_.stacks.size() >= options_.max_stacks ||
      frame_words_ + sample.frames.size() > options_.max_frame_words) {
    return false;
  }
  stacks_.emplace(hash, static_cast<std::uint32_t>(window_.stacks.size()));
  frame_words_ += sample.frames.size();
  window_.stacks.push_back(
      {.process = process,
       .stop = sample.stop,
       .stop_image = sample.frames.empty() ? ImageId::kNone : image_of(sample.frames.back()),
       .samples = 1,
       .cpu_ns = sample.weight_ns,
       .frames = {sample.frames.begin(), sample.frames.end()}});
  ++window_.samples;
  return true;
}

ProfileWindow Aggregator::take() {
  processes_.clear();
  stacks_.clear();
  frame_words_ = 0;
  return std::exchange(window_, {});
}

}  // namespace sonde
