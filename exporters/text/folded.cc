// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/folded.h"

#include <algorithm>
#include <map>
#include <vector>

#include "exporters/text/escape.h"
#include "exporters/text/stack_cut.h"

namespace sonde {
namespace {

std::string folded_name(std::string_view name) {
  std::string out = name.empty() ? "[unknown]" : printable(name);
  std::replace(out.begin(), out.end(), ';', ':');
  return out;
}

std::string frame_text(const SymbolizedProfile& profile, const ProfileFrame& frame) {
  std::string out = folded_name(profile.functions[frame.function].name);
  if (frame.origin == Origin::kKernel) out += "_[k]";
  if (frame.origin == Origin::kJit) out += "_[j]";
  return out;
}

}  // namespace

std::string encode_folded(const SymbolizedProfile& profile) {
  std::vector<std::string> frames;
  frames.reserve(profile.frames.size());
  for (const ProfileFrame& frame : profile.frames) frames.push_back(frame_text(profile, frame));
  std::map<std::string, std::uint64_t> lines;
  for (const ProfileStack& stack : profile.stacks) {
    std::string line = folded_name(profile.processes[stack.process].name);
    if (!is_whole(stack.stop)) {
      line += ";[" +
              folded_name(cut_frame_name(stack.stop, profile.images[stack.stop_image].path)) + ']';
    }
    for (std::size_t i = stack.frames.size(); i-- > 0;) {
      line += ';';
      line += frames[stack.frames[i]];
    }
    lines[std::move(line)] += stack.samples;
  }
  std::string out;
  for (const auto& [line, samples] : lines) out += line + ' ' + std::to_string(samples) + '\n';
  return out;
}

}  // namespace sonde
