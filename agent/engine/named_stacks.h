// SPDX-License-Identifier: Apache-2.0
// The stacks of a window as those of a profile, each frame that differs once.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "bpf/abi/frame.h"
#include "core/model/frame_maker.h"
#include "core/model/profile.h"
#include "core/model/profile_window.h"

namespace sonde {

// stop_image  (ImageId) -> number of the profile's image where a walk ended early
// make        (FrameWord, number of the process in the window, whether it is of the process's own
//             executable) -> ProfileFrame; asked once for each frame that differs
template <typename StopImage, typename Make>
void add_named_stacks(const ProfileWindow& window, SymbolizedProfile& profile,
                      const StopImage& stop_image, const Make& make) {
  // By word, and: of the executable of its process; for code made at run time the process, plus 2.
  std::map<std::pair<FrameWord, std::uint32_t>, std::uint32_t> frames;
  const auto frame_of = [&](FrameWord word, std::uint32_t process) {
    const ImageId executable = window.processes[process].executable;
    const bool own = SONDE_FRAME_TAG(word) == SONDE_TAG_IMAGE && executable != ImageId::kNone &&
                     image_of_frame(word) == executable;
    const std::uint32_t whose = is_made_code(word) ? process + 2 : own ? 1 : 0;
    const auto [entry, fresh] =
        frames.try_emplace({word, whose}, static_cast<std::uint32_t>(profile.frames.size()));
    if (fresh) profile.frames.push_back(make(word, process, own));
    return entry->second;
  };
  for (const WindowProcess& process : window.processes) {
    profile.processes.push_back({.pid = process.tgid, .name = process.name});
  }
  for (const WindowStack& stack : window.stacks) {
    ProfileStack named{.process = stack.process,
                       .stop = stack.stop,
                       .samples = stack.samples,
                       .cpu_ns = stack.cpu_ns,
                       .frames = {}};
    if (!is_whole(stack.stop) && stack.stop_image != ImageId::kNone) {
      named.stop_image = stop_image(stack.stop_image);
    }
    named.frames.reserve(stack.frames.size());
    for_each_frame(stack.frames, [&](FrameWord word) {
      if (SONDE_FRAME_TAG(word) == SONDE_TAG_SPECIAL) return;
      named.frames.push_back(frame_of(word, stack.process));
    });
    // Readers of profiles (go tool pprof among them) drop samples without any frame.
    if (named.frames.empty()) named.frames.push_back(frame_of(kUnknownCode, stack.process));
    profile.stacks.push_back(std::move(named));
  }
}

}  // namespace sonde
