// SPDX-License-Identifier: Apache-2.0
// Stage 4's output: what was sampled in a span of time, without names. Stacks are unique; frames
// name images by ImageId, which stays valid while the registry of images lives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bpf/abi/frame.h"

namespace sonde {

// A file whose code is mapped somewhere. Never used again for another file.
enum class ImageId : std::uint32_t { kNone = 0 };

// One frame as in bpf/abi/frame.h, with the 24 bits of slot and generation replaced by the
// ImageId, so that it outlives the kernel's slot.
using FrameWord = std::uint64_t;
// Set in an unused bit of a raw user pc: the process had mapped anonymous memory there (JIT code).
constexpr FrameWord kAnonymousCode = FrameWord{1} << 57;

// Code that a process made at run time, or that the kernel put there ([vsyscall]).
inline bool is_made_code(FrameWord frame) {
  return SONDE_FRAME_TAG(frame) == SONDE_TAG_USER_PC && (frame & kAnonymousCode) != 0;
}

// The image of a frame whose tag is SONDE_TAG_IMAGE.
inline ImageId image_of_frame(FrameWord frame) {
  return static_cast<ImageId>((frame >> SONDE_IMAGE_GENERATION_SHIFT) & 0xffffff);
}

// The same frame in another image. Precondition: its tag is SONDE_TAG_IMAGE, `image` has 24 bits.
inline FrameWord with_image(FrameWord frame, ImageId image) {
  constexpr FrameWord kMask = FrameWord{0xffffff} << SONDE_IMAGE_GENERATION_SHIFT;
  return (frame & ~kMask) | FrameWord{static_cast<std::uint32_t>(image)}
                                << SONDE_IMAGE_GENERATION_SHIFT;
}

// Calls visit(word) for each word of a stack that is a frame: not for the aux words behind special
// frames (bpf/abi/frame.h).
template <typename Words, typename Visit>
void for_each_frame(Words& words, const Visit& visit) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const FrameWord word = words[i];
    visit(words[i]);
    const bool has_aux = SONDE_FRAME_TAG(word) == SONDE_TAG_SPECIAL &&
                         ((word >> SONDE_SPECIAL_KIND_SHIFT) & SONDE_SPECIAL_KIND_MASK) >=
                             SONDE_SPECIAL_FIRST_WITH_AUX;
    if (has_aux) ++i;
  }
}

struct WindowProcess {
  std::uint32_t tgid = 0;
  std::uint64_t start_ticks = 0;
  std::uint64_t cgroup_id = 0;  // kernfs id of where it was last
  std::string name;
  ImageId executable = ImageId::kNone;
};

struct WindowStack {
  std::uint32_t process = 0;            // index into processes
  std::uint16_t stop = 0;               // enum sonde_stop_reason
  ImageId stop_image = ImageId::kNone;  // image of the last frame
  std::uint64_t samples = 0;
  std::uint64_t cpu_ns = 0;
  std::vector<FrameWord> frames;  // leaf first: kernel (tagged), then user
};

struct ProfileWindow {
  std::vector<WindowProcess> processes;
  std::vector<WindowStack> stacks;
  std::uint64_t samples = 0;
};

}  // namespace sonde
