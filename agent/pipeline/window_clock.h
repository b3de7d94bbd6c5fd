// SPDX-License-Identifier: Apache-2.0
// Where windows begin and end: at multiples of their length in wall-clock time, while samples carry
// CLOCK_MONOTONIC. Pure: it reads no clock, it is told. Stage 4 of the line.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

namespace sonde {

// [begin, end) in both clocks: more than nothing, at most the windows' length (but for slewing).
struct WindowSpan {
  std::uint64_t begin_mono_ns = 0;
  std::uint64_t end_mono_ns = 0;
  std::uint64_t begin_wall_ns = 0;
  std::uint64_t end_wall_ns = 0;
};

// One reading of both clocks, made together.
struct ClockReading {
  std::uint64_t mono_ns = 0;
  std::uint64_t wall_ns = 0;
};

// What happens to the wall clock:
//   slewed    (NTP) the end of a window follows it
//   stepped, or the machine slept: CLOCK_MONOTONIC stands still meanwhile, so both look alike. The
//             window ends there, by the time it had; the next one begins there, by the new time. So
//             no window mixes two times or is longer than it may be. After a step back two windows
//             tell of the same time of day.
// Thread-confined. Spans follow one another without a gap in CLOCK_MONOTONIC.
class WindowClock {
 public:
  // A difference between two readings that is a step, not slewing.
  static constexpr std::uint64_t kStepNs = 50'000'000;

  // length_ns  of windows, > 0.
  // now        the first window begins here and ends at the next multiple.
  WindowClock(std::uint64_t length_ns, const ClockReading& now);

  // Tells the time; at least every second, so that steps are seen where they are. Readings of an
  // earlier time than the last one are ignored.
  // cost  O(windows that began since the last reading).
  void observe(const ClockReading& now);

  // Windows that are not closed yet, oldest first; the last one is the one that is going on.
  [[nodiscard]] const std::deque<WindowSpan>& open() const { return open_; }
  // Which of open() a sample belongs to; one from before the oldest belongs to that one, one from
  // after the last reading to the last.
  [[nodiscard]] std::size_t window_of(std::uint64_t mono_ns) const;

  // The oldest window, if it ended at or before `drained_ns`: every sample up to then has been
  // seen. Ask again until there is none.
  std::optional<WindowSpan> close(std::uint64_t drained_ns);

 private:
  // The window that begins at a reading.
  [[nodiscard]] WindowSpan begin_at(const ClockReading& now) const;

  const std::uint64_t length_ns_;
  ClockReading last_;
  std::deque<WindowSpan> open_;
};

}  // namespace sonde
