// SPDX-License-Identifier: Apache-2.0
// Bytes of a closed window: nothing in them is trusted, and what is accepted survives being written
// and read once more.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "agent/store/window_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto window = sonde::decode_window(bytes);
  if (!window) return 0;
  std::size_t touched = 0;
  for (const sonde::WindowStack& stack : window->window.stacks) {
    const sonde::WindowProcess& process = window->window.processes.at(stack.process);
    touched += window->images.at(static_cast<std::size_t>(process.executable)).path.size();
    touched += window->images.at(static_cast<std::size_t>(stack.stop_image)).path.size();
    touched += window->targets.at(window->target_of_process.at(stack.process)).size();
    sonde::for_each_frame(stack.frames, [&](sonde::FrameWord word) {
      if (SONDE_FRAME_TAG(word) != SONDE_TAG_IMAGE) return;
      touched +=
          window->images.at(static_cast<std::size_t>(sonde::image_of_frame(word))).path.size();
    });
  }
  if (window->charges) {
    for (const sonde::CgroupCharge& one : window->charges->cgroups) touched += one.cgroup.size();
  }
  const std::string once = sonde::encode_window(*window);
  const auto again = sonde::decode_window(once);
  if (!again || sonde::encode_window(*again) != once) std::abort();
  return touched == ~std::size_t{0} ? 1 : 0;
}
