// SPDX-License-Identifier: Apache-2.0
#include "core/model/aggregate.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <unordered_map>

namespace sonde {
namespace {

constexpr std::uint32_t kNever = 0xffffffffU;  // no stack has been seen yet

struct PairHash {
  std::size_t operator()(const std::pair<std::string_view, std::string_view>& key) const {
    const std::size_t first = std::hash<std::string_view>{}(key.first);
    return first ^ (std::hash<std::string_view>{}(key.second) * 0x9e3779b97f4a7c15ULL);
  }
};

Weight weight_of(const ProfileStack& stack) {
  return Weight{.cpu_ns = stack.cpu_ns, .samples = stack.samples};
}

Origin leaf_origin(const SymbolizedProfile& profile, const ProfileStack& stack) {
  return stack.frames.empty() ? Origin::kUnresolved : profile.frames[stack.frames.front()].origin;
}

}  // namespace

FunctionTable::FunctionTable(const SymbolizedProfile& profile) {
  std::unordered_map<std::pair<std::string_view, std::string_view>, std::uint32_t, PairHash> known;
  known.reserve(profile.frames.size());
  of_frame_.reserve(profile.frames.size());
  for (const ProfileFrame& frame : profile.frames) {
    const std::string_view name = profile.functions[frame.function].name;
    const std::string_view image = profile.images[frame.image].path;
    const auto [at, added] =
        known.try_emplace({name, image}, static_cast<std::uint32_t>(entries_.size()));
    if (added) entries_.push_back(Entry{.name = name, .image = image, .origin = frame.origin});
    of_frame_.push_back(at->second);
  }
}

bool is_early(std::uint16_t stop) {
  return stop == SONDE_STOP_NO_MAPPING || stop == SONDE_STOP_NO_PROCESS;
}

double whole_share(std::uint64_t whole, std::uint64_t samples, std::uint64_t early) {
  const std::uint64_t judged = samples - std::min(samples, early);
  return judged == 0 ? 1.0 : static_cast<double>(whole) / static_cast<double>(judged);
}

StackTotals count_stacks(const SymbolizedProfile& profile) {
  StackTotals out;
  std::array<std::uint64_t, SONDE_STOP_COUNT + 1> by_stop{};
  for (const ProfileStack& stack : profile.stacks) {
    out.all += weight_of(stack);
    by_stop.at(std::min<std::size_t>(stack.stop, SONDE_STOP_COUNT)) += stack.samples;
    if (is_whole(stack.stop)) out.whole += stack.samples;
    if (is_early(stack.stop)) out.early += stack.samples;
    out.frames += stack.samples * stack.frames.size();
    if (stack.frames.empty()) continue;
    out.leaves += stack.samples;
    if (leaf_origin(profile, stack) == Origin::kUnresolved) out.unresolved_leaf += stack.samples;
  }
  for (std::uint16_t stop = 0; stop <= std::uint16_t{SONDE_STOP_COUNT}; ++stop) {
    if (by_stop.at(stop) != 0 && !is_whole(stop)) out.truncated[stop_name(stop)] = by_stop.at(stop);
  }
  return out;
}

std::vector<FunctionTotals> sum_functions(const SymbolizedProfile& profile,
                                          const FunctionTable& functions) {
  std::vector<FunctionTotals> out(functions.size());
  for (std::uint32_t i = 0; i < out.size(); ++i) out[i].function = i;
  std::vector<std::uint32_t> last_stack(functions.size(), kNever);
  for (std::uint32_t at = 0; at < profile.stacks.size(); ++at) {
    const ProfileStack& stack = profile.stacks[at];
    const Weight weight = weight_of(stack);
    for (const std::uint32_t frame : stack.frames) {
      const std::uint32_t function = functions.of_frame(frame);
      if (last_stack[function] == at) continue;
      last_stack[function] = at;
      out[function].total += weight;
    }
    if (!stack.frames.empty()) out[functions.of_frame(stack.frames.front())].self += weight;
  }
  std::erase_if(out, [](const FunctionTotals& row) { return row.total.samples == 0; });
  std::sort(out.begin(), out.end(), [&](const FunctionTotals& a, const FunctionTotals& b) {
    return std::tie(b.self.cpu_ns, b.total.cpu_ns, functions[a.function].name, a.function) <
           std::tie(a.self.cpu_ns, a.total.cpu_ns, functions[b.function].name, b.function);
  });
  return out;
}

std::vector<ImageTotals> sum_images(const SymbolizedProfile& profile) {
  std::unordered_map<std::string_view, std::uint32_t> known;
  std::vector<std::uint32_t> row_of_image;
  std::vector<ImageTotals> out;
  for (const ProfileImage& image : profile.images) {
    const auto [at, added] = known.try_emplace(image.path, static_cast<std::uint32_t>(out.size()));
    if (added) out.push_back(ImageTotals{.image = image.path, .self = {}, .total = {}});
    row_of_image.push_back(at->second);
  }
  std::vector<std::uint32_t> last_stack(out.size(), kNever);
  for (std::uint32_t at = 0; at < profile.stacks.size(); ++at) {
    const ProfileStack& stack = profile.stacks[at];
    for (const std::uint32_t frame : stack.frames) {
      const std::uint32_t row = row_of_image[profile.frames[frame].image];
      if (last_stack[row] == at) continue;
      last_stack[row] = at;
      out[row].total += weight_of(stack);
    }
    if (!stack.frames.empty()) {
      out[row_of_image[profile.frames[stack.frames.front()].image]].self += weight_of(stack);
    }
  }
  std::erase_if(out, [](const ImageTotals& row) { return row.total.samples == 0; });
  std::sort(out.begin(), out.end(), [](const ImageTotals& a, const ImageTotals& b) {
    return std::tie(b.self.cpu_ns, b.total.cpu_ns, a.image) <
           std::tie(a.self.cpu_ns, a.total.cpu_ns, b.image);
  });
  return out;
}

std::vector<ProcessTotals> sum_processes(const SymbolizedProfile& profile) {
  std::unordered_map<std::string_view, std::size_t> known;
  std::vector<ProcessTotals> out;
  for (const ProfileStack& stack : profile.stacks) {
    const ProfileProcess& process = profile.processes[stack.process];
    const auto [at, added] = known.try_emplace(process.name, out.size());
    if (added) out.emplace_back().name = process.name;
    ProcessTotals& row = out[at->second];
    row.pids.push_back(process.pid);
    row.all += weight_of(stack);
    if (leaf_origin(profile, stack) == Origin::kKernel) row.kernel_ns += stack.cpu_ns;
    if (is_whole(stack.stop)) {
      row.whole += stack.samples;
    } else if (is_early(stack.stop)) {
      row.early += stack.samples;
    } else {
      row.cut[{stack.stop, stack.stop_image}] += stack.samples;
    }
  }
  for (ProcessTotals& row : out) {
    std::sort(row.pids.begin(), row.pids.end());
    row.pids.erase(std::unique(row.pids.begin(), row.pids.end()), row.pids.end());
  }
  std::sort(out.begin(), out.end(), [](const ProcessTotals& a, const ProcessTotals& b) {
    return std::tie(b.all.cpu_ns, a.name) < std::tie(a.all.cpu_ns, b.name);
  });
  return out;
}

OriginTotals sum_origins(const SymbolizedProfile& profile) {
  OriginTotals out{};
  for (const ProfileStack& stack : profile.stacks) {
    out.at(static_cast<std::size_t>(leaf_origin(profile, stack))) += stack.cpu_ns;
  }
  return out;
}

}  // namespace sonde
