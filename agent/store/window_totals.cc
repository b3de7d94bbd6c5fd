// SPDX-License-Identifier: Apache-2.0
#include "agent/store/window_totals.h"

#include "bpf/abi/frame.h"
#include "core/model/aggregate.h"
#include "core/model/profile.h"

namespace sonde {

Totals& Totals::operator+=(const Totals& other) {
  samples += other.samples;
  cpu_ns += other.cpu_ns;
  kernel_ns += other.kernel_ns;
  whole += other.whole;
  early += other.early;
  return *this;
}

WindowTotals totals_of(const ClosedWindow& window) {
  WindowTotals out{.begin_ns = window.meta.begin_ns,
                   .end_ns = window.meta.begin_ns + window.meta.duration_ns,
                   .targets = {}};
  for (const auto& [reason, samples] : window.meta.lost) out.lost += samples;
  std::vector<Totals> by_target(window.targets.size());
  for (const WindowStack& stack : window.window.stacks) {
    const bool in_kernel =
        !stack.frames.empty() && SONDE_FRAME_TAG(stack.frames.front()) == SONDE_TAG_KERNEL;
    by_target[window.target_of_process[stack.process]] +=
        {.samples = stack.samples,
         .cpu_ns = stack.cpu_ns,
         .kernel_ns = in_kernel ? stack.cpu_ns : 0,
         .whole = is_whole(stack.stop) ? stack.samples : 0,
         .early = is_early(stack.stop) ? stack.samples : 0};
  }
  for (std::size_t i = 0; i < by_target.size(); ++i) {
    if (by_target[i].samples > 0) out.targets.push_back({window.targets[i], by_target[i]});
  }
  return out;
}

}  // namespace sonde
