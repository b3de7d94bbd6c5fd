// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/image_sweeper.h"

#include "bpf/abi/frame.h"

namespace sonde {
namespace {

void name(std::vector<bool>& named, ImageId image) {
  const auto index = static_cast<std::size_t>(image);
  if (index < named.size()) named[index] = true;
}

}  // namespace

// By ImageId: something still speaks of it.
std::vector<bool> ImageSweeper::named() const {
  std::vector<bool> named(parts_.images.size(), false);
  const auto visit = [&named](ImageId image) { name(named, image); };
  visit(ImageId::kNone);
  visit(parts_.images.vdso());
  parts_.processes.for_each_image(visit);
  parts_.code_maps.for_each_image(visit);
  parts_.windows.for_each([&](const ProfileWindow& window) {
    for (const WindowProcess& process : window.processes) visit(process.executable);
    for (const WindowStack& stack : window.stacks) {
      visit(stack.stop_image);
      for_each_frame(stack.frames, [&](FrameWord word) {
        if (SONDE_FRAME_TAG(word) == SONDE_TAG_IMAGE) visit(image_of_frame(word));
      });
    }
  });
  return named;
}

void ImageSweeper::sweep(std::uint64_t now_ns) {
  if (now_ns < swept_ns_ + interval_ns_) return;
  swept_ns_ = now_ns;
  parts_.publisher.publish_rows();
  parts_.code_maps.forget_unused_since(now_ns - interval_ns_);
  std::vector<bool> unnamed = named();
  unnamed.flip();
  unnamed_before_.resize(unnamed.size(), false);
  for (std::size_t i = 1; i < unnamed.size(); ++i) {
    const auto image = static_cast<ImageId>(i);
    const bool is_there = parts_.images.at(image).device != 0;
    if (!unnamed[i] || !unnamed_before_[i] || !is_there) continue;
    // Rows on their way are of files that have to stay open.
    if (parts_.publisher.waits_for_room(image) || !parts_.loader.cancel(image)) continue;
    parts_.publisher.release(image);
    parts_.images.release(image, now_ns);
    unnamed[i] = false;  // whoever gets the number begins anew
  }
  unnamed_before_ = std::move(unnamed);
}

}  // namespace sonde
