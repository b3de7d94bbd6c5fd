// SPDX-License-Identifier: Apache-2.0
// Builds a SymbolizedProfile from stacks written as text, so that a test shows its whole input.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/profile.h"

namespace sonde::test {

class ProfileBuilder {
 public:
  static constexpr std::uint64_t kTickNs = 10'000'000;

  // process  "name" or "name:pid" (pid 1 if left out)
  // stack    frames from the root to the leaf, separated by ';'. A frame is `function@image`;
  //          the image decides the origin: none = own, `[kernel.kallsyms]` = kernel, `[jit]`,
  //          `?image` = unresolved, else a library.
  // samples  each worth kTickNs of CPU time.
  ProfileBuilder& add(std::string_view process, std::string_view stack, std::uint64_t samples,
                      std::uint16_t stop = SONDE_STOP_COMPLETE, std::string_view stop_image = {}) {
    ProfileStack out;
    out.process = process_index(process);
    out.stop = stop;
    if (!stop_image.empty()) out.stop_image = image_index(std::string(stop_image));
    out.samples = samples;
    out.cpu_ns = samples * kTickNs;
    while (!stack.empty()) {
      const std::size_t end = stack.find(';');
      out.frames.insert(out.frames.begin(), frame_index(process, stack.substr(0, end)));
      stack.remove_prefix(end == std::string_view::npos ? stack.size() : end + 1);
    }
    profile.stacks.push_back(std::move(out));
    return *this;
  }

  SymbolizedProfile profile;

 private:
  std::uint32_t process_index(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    const bool has_pid = colon != std::string_view::npos;
    const std::string name(text.substr(0, colon));
    const auto pid =
        has_pid ? static_cast<std::uint32_t>(std::stoul(std::string(text.substr(colon + 1)))) : 1U;
    for (std::uint32_t i = 0; i < profile.processes.size(); ++i) {
      if (profile.processes[i].name == name && profile.processes[i].pid == pid) return i;
    }
    profile.processes.push_back(ProfileProcess{.pid = pid, .name = name});
    return static_cast<std::uint32_t>(profile.processes.size() - 1);
  }

  std::uint32_t image_index(const std::string& path) {
    for (std::uint32_t i = 0; i < profile.images.size(); ++i) {
      if (profile.images[i].path == path) return i;
    }
    profile.images.push_back(ProfileImage{.path = path, .build_id = {}});
    return static_cast<std::uint32_t>(profile.images.size() - 1);
  }

  // Every call makes a new frame (another address of the same function).
  std::uint32_t frame_index(std::string_view process, std::string_view text) {
    const std::size_t at = text.rfind('@');
    ProfileFrame frame;
    std::string image = at == std::string_view::npos
                            ? "/usr/bin/" + std::string(process.substr(0, process.rfind(':')))
                            : std::string(text.substr(at + 1));
    frame.origin = at == std::string_view::npos   ? Origin::kOwn
                   : image == "[kernel.kallsyms]" ? Origin::kKernel
                   : image == "[jit]"             ? Origin::kJit
                   : image.starts_with('?')       ? Origin::kUnresolved
                                                  : Origin::kLibrary;
    if (frame.origin == Origin::kUnresolved) image.erase(0, 1);
    if (frame.origin == Origin::kJit) image.clear();
    frame.image = image.empty() ? 0 : image_index(image);
    frame.address = profile.frames.size();
    frame.function = static_cast<std::uint32_t>(profile.functions.size());
    profile.functions.push_back(
        ProfileFunction{.name = std::string(text.substr(0, at)), .system_name = {}});
    profile.frames.push_back(frame);
    return static_cast<std::uint32_t>(profile.frames.size() - 1);
  }
};

}  // namespace sonde::test
