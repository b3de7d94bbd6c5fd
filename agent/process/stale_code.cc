// SPDX-License-Identifier: Apache-2.0
#include "agent/process/stale_code.h"

#include <algorithm>

#include "bpf/abi/frame.h"

namespace sonde {
namespace {

bool is_of(FrameWord frame, ImageId image) {
  if (SONDE_FRAME_TAG(frame) != SONDE_TAG_IMAGE) return false;
  return image == ImageId::kNone || image_of_frame(frame) == image;
}

}  // namespace

void StaleCode::add(std::uint32_t tgid, std::uint64_t time_ns, ImageId image) {
  replacements_.push_back({.tgid = tgid, .image = image, .from_ns = time_ns});
}

void StaleCode::published(std::uint64_t now_ns) {
  for (Replacement& one : replacements_) one.to_ns = std::min(one.to_ns, now_ns);
}

void StaleCode::forget_before(std::uint64_t now_ns) {
  std::erase_if(replacements_, [now_ns](const Replacement& one) { return one.to_ns < now_ns; });
}

std::size_t StaleCode::certain_frames(std::uint32_t tgid, std::uint64_t time_ns,
                                      std::span<const FrameWord> frames) const {
  std::size_t certain = frames.size();
  for (const Replacement& one : replacements_) {
    if (one.tgid != tgid || time_ns < one.from_ns || time_ns > one.to_ns) continue;
    const auto first =
        std::ranges::find_if(frames, [&one](FrameWord frame) { return is_of(frame, one.image); });
    certain = std::min(certain, static_cast<std::size_t>(first - frames.begin()));
  }
  return certain;
}

}  // namespace sonde
