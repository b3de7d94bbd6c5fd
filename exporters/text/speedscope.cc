// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/speedscope.h"

#include <algorithm>
#include <map>
#include <vector>

#include "exporters/text/escape.h"
#include "exporters/text/stack_cut.h"

namespace sonde {
namespace {

// Frames and profiles of one file. Lives for one call.
class SpeedscopeText {
 public:
  explicit SpeedscopeText(const SymbolizedProfile& profile) : profile_(profile) {
    frame_of_.assign(profile.frames.size(), -1);
  }

  std::string make() {
    std::map<std::string, std::vector<const ProfileStack*>> groups;
    for (const ProfileStack& stack : profile_.stacks) {
      groups[profile_.processes[stack.process].name].push_back(&stack);
    }
    std::vector<std::pair<std::uint64_t, std::string>> order;  // CPU, process name
    for (const auto& [name, stacks] : groups) {
      std::uint64_t cpu = 0;
      for (const ProfileStack* stack : stacks) cpu += stack->cpu_ns;
      order.emplace_back(cpu, name);
    }
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    for (const auto& [cpu, name] : order) add_profile(name, groups[name], cpu);
    std::string out =
        "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
        "\"exporter\":";
    append_json_string(out, "sonde " + printable(profile_.meta.version));
    out += ",\"name\":";
    append_json_string(out, printable(profile_.meta.host));
    out += ",\"activeProfileIndex\":0,\"shared\":{\"frames\":[" + frames_ + "]},\"profiles\":[";
    return out + profiles_ + "]}\n";
  }

 private:
  // The index of a frame with this name and file.
  long frame(const std::string& name, const std::string& file) {
    const auto [at, fresh] = known_.try_emplace({name, file}, static_cast<long>(known_.size()));
    if (!fresh) return at->second;
    if (!frames_.empty()) frames_ += ',';
    frames_ += "{\"name\":";
    append_json_string(frames_, name);
    if (!file.empty()) {
      frames_ += ",\"file\":";
      append_json_string(frames_, file);
    }
    frames_ += '}';
    return at->second;
  }

  long frame(std::uint32_t index) {
    if (frame_of_[index] < 0) {
      const ProfileFrame& source = profile_.frames[index];
      std::string name = printable(profile_.functions[source.function].name);
      if (source.origin == Origin::kKernel) name += " [k]";
      frame_of_[index] = frame(name, printable(profile_.images[source.image].path));
    }
    return frame_of_[index];
  }

  void add_stack(const ProfileStack& stack, std::string& samples) {
    if (!samples.empty()) samples += ',';
    samples += '[';
    if (!is_whole(stack.stop)) {
      const std::string& path = profile_.images[stack.stop_image].path;
      const std::string name = printable(cut_frame_name(stack.stop, path));
      samples += std::to_string(frame('[' + name + ']', {}));
      if (!stack.frames.empty()) samples += ',';
    }
    for (auto at = stack.frames.rbegin(); at != stack.frames.rend(); ++at) {
      if (at != stack.frames.rbegin()) samples += ',';
      samples += std::to_string(frame(*at));
    }
    samples += ']';
  }

  void add_profile(const std::string& process, const std::vector<const ProfileStack*>& stacks,
                   std::uint64_t cpu_ns) {
    std::string samples;
    std::string weights;
    for (const ProfileStack* stack : stacks) {
      add_stack(*stack, samples);
      if (!weights.empty()) weights += ',';
      weights += std::to_string(stack->cpu_ns);
    }
    if (!profiles_.empty()) profiles_ += ',';
    profiles_ += "{\"type\":\"sampled\",\"name\":";
    append_json_string(profiles_, process.empty() ? "[unknown]" : printable(process));
    profiles_ +=
        ",\"unit\":\"nanoseconds\",\"startValue\":0,\"endValue\":" + std::to_string(cpu_ns) +
        ",\"samples\":[" + samples + "],\"weights\":[" + weights + "]}";
  }

  const SymbolizedProfile& profile_;
  std::vector<long> frame_of_;
  std::map<std::pair<std::string, std::string>, long> known_;
  std::string frames_;
  std::string profiles_;
};

}  // namespace

std::string encode_speedscope(const SymbolizedProfile& profile) {
  return SpeedscopeText(profile).make();
}

}  // namespace sonde
