// SPDX-License-Identifier: Apache-2.0
// Profiles for tests: a small one to reason about, and a whole invented node to look at.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/model/profile.h"

namespace sonde {

// Adds functions, images, frames and stacks by name; equal things are shared.
class ProfileMaker {
 public:
  std::uint32_t image(std::string_view path, std::string_view build_id = {});
  std::uint32_t process(std::uint32_t pid, std::string_view name);
  // Address and system name follow from the order of calls.
  std::uint32_t frame(std::string_view function, std::uint32_t image, Origin origin,
                      std::string_view reason = {}, bool fp_step = false);
  // frames  leaf first. cpu_ns = samples x period.
  ProfileStack& stack(std::uint32_t process, std::vector<std::uint32_t> frames,
                      std::uint64_t samples);

  SymbolizedProfile profile;
  std::uint64_t period_ns = 10'101'010;

 private:
  std::map<std::string, std::uint32_t> images_;
  std::map<std::uint32_t, std::uint32_t> processes_;
  std::map<std::tuple<std::string, std::uint32_t, Origin>, std::uint32_t> frames_;
};

// Two processes and a kernel thread, 100 samples in all: 60 in `spin`, 30 in `copy` (of them 10
// with a kernel part), 6 cut stacks, 4 of the kernel thread. Every fact of the model is used.
SymbolizedProfile small_profile();

// A node with postgres, node, redis-server, nginx and more: 3,000 and more frames, all origins.
// The same seed gives the same profile.
SymbolizedProfile node_profile(std::uint32_t seed = 1);

// `nodes` distinct stacks' ends: a wide, deep tree for limits and timing.
SymbolizedProfile large_profile(std::size_t nodes);

// Names that try to break out of every format, one function and one image each.
SymbolizedProfile hostile_profile();
const std::vector<std::string>& hostile_names();

}  // namespace sonde
