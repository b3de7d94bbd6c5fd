// SPDX-License-Identifier: Apache-2.0
#include "agent/pipeline/window_clock.h"

#include <algorithm>

namespace sonde {

WindowClock::WindowClock(std::uint64_t length_ns, const ClockReading& now)
    : length_ns_(length_ns), last_(now), open_{begin_at(now)} {}

WindowSpan WindowClock::begin_at(const ClockReading& now) const {
  const std::uint64_t left = length_ns_ - now.wall_ns % length_ns_;
  return {now.mono_ns, now.mono_ns + left, now.wall_ns, now.wall_ns + left};
}

void WindowClock::observe(const ClockReading& now) {
  if (now.mono_ns <= last_.mono_ns) return;
  const std::uint64_t expected_wall_ns = last_.wall_ns + (now.mono_ns - last_.mono_ns);
  const std::uint64_t difference =
      std::max(now.wall_ns, expected_wall_ns) - std::min(now.wall_ns, expected_wall_ns);
  const bool stepped = difference > kStepNs;
  last_ = now;
  if (!stepped) {
    // To where the wall clock will be at the multiple, by its latest reading; never before what was
    // told already, which samples were sorted by.
    WindowSpan& current = open_.back();
    if (current.end_wall_ns > now.wall_ns) {
      current.end_mono_ns = now.mono_ns + (current.end_wall_ns - now.wall_ns);
    } else {
      current.end_mono_ns = std::min(current.end_mono_ns, now.mono_ns);
    }
  }
  // Windows that ended since the last reading, by the time that it gave.
  while (open_.back().end_mono_ns <= now.mono_ns) {
    const WindowSpan& ended = open_.back();
    open_.push_back({ended.end_mono_ns, ended.end_mono_ns + length_ns_, ended.end_wall_ns,
                     ended.end_wall_ns + length_ns_});
  }
  if (!stepped) return;
  WindowSpan& cut = open_.back();
  if (cut.begin_mono_ns == now.mono_ns) {
    cut = begin_at(now);
    return;
  }
  cut.end_mono_ns = now.mono_ns;
  cut.end_wall_ns = cut.begin_wall_ns + (now.mono_ns - cut.begin_mono_ns);
  open_.push_back(begin_at(now));
}

std::size_t WindowClock::window_of(std::uint64_t mono_ns) const {
  const auto after = std::ranges::upper_bound(open_, mono_ns, {}, &WindowSpan::end_mono_ns);
  const auto index = static_cast<std::size_t>(after - open_.begin());
  return std::min(index, open_.size() - 1);
}

std::optional<WindowSpan> WindowClock::close(std::uint64_t drained_ns) {
  if (open_.size() < 2 || open_.front().end_mono_ns > drained_ns) return std::nullopt;
  const WindowSpan closed = open_.front();
  open_.pop_front();
  return closed;
}

}  // namespace sonde
