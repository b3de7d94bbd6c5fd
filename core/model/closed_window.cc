// SPDX-License-Identifier: Apache-2.0
#include "core/model/closed_window.h"

#include <unordered_map>

namespace sonde {
namespace {

class Numbering {
 public:
  ImageId operator()(ImageId old) {
    if (old == ImageId::kNone) return old;
    const auto [entry, fresh] =
        numbers_.try_emplace(static_cast<std::uint32_t>(old), static_cast<ImageId>(old_.size()));
    if (fresh) old_.push_back(old);
    return entry->second;
  }
  std::vector<ImageId> take() { return std::move(old_); }

 private:
  std::unordered_map<std::uint32_t, ImageId> numbers_;
  std::vector<ImageId> old_{ImageId::kNone};
};

}  // namespace

std::vector<ImageId> renumber_images(ProfileWindow& window) {
  Numbering numbering;
  for (WindowProcess& process : window.processes)
    process.executable = numbering(process.executable);
  for (WindowStack& stack : window.stacks) {
    stack.stop_image = numbering(stack.stop_image);
    for_each_frame(stack.frames, [&](FrameWord& word) {
      if (SONDE_FRAME_TAG(word) == SONDE_TAG_IMAGE) {
        word = with_image(word, numbering(image_of_frame(word)));
      }
    });
  }
  return numbering.take();
}

}  // namespace sonde
