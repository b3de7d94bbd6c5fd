// SPDX-License-Identifier: Apache-2.0
#include "agent/store/trust_sums.h"

#include <algorithm>
#include <tuple>

#include "core/model/aggregate.h"
#include "core/model/profile.h"

namespace sonde {
namespace {

void add_stack(ExecutableTrust& into, const WindowStack& stack) {
  into.samples += stack.samples;
  if (is_whole(stack.stop)) into.whole += stack.samples;
  if (is_early(stack.stop)) into.early += stack.samples;
  into.stops[stack.stop] += stack.samples;
}

}  // namespace

void TrustSums::add(const ClosedWindow& window, const std::vector<bool>& chosen) {
  sum_.add(window.meta);
  stored_ += window.window.samples;
  for (const auto& [reason, samples] : window.meta.lost) {
    if (samples > 0) last_lost_[reason] = window.meta.begin_ns + window.meta.duration_ns;
  }
  for (const WindowStack& stack : window.window.stacks) {
    if (stack.samples == 0 || !chosen[window.target_of_process[stack.process]]) continue;
    add_stack(all_, stack);
    const auto image = static_cast<std::size_t>(window.window.processes[stack.process].executable);
    const std::string path = image == 0 ? "[kernel]" : window.images[image].path;
    const bool fits = executables_.size() < kMaxExecutables || executables_.contains(path);
    ExecutableTrust& executable = executables_[fits ? path : ""];
    if (fits) executable.path = path;
    add_stack(executable, stack);
  }
}

std::vector<ExecutableTrust> TrustSums::executables() const {
  std::vector<ExecutableTrust> out;
  for (const auto& [path, executable] : executables_) out.push_back(executable);
  std::ranges::stable_sort(out, std::ranges::greater{}, [](const ExecutableTrust& one) {
    return std::tuple(one.cut(), one.samples);
  });
  return out;
}

}  // namespace sonde
