// SPDX-License-Identifier: Apache-2.0
// The windows that are being filled: each sample goes into the one of its own time. Usually there
// is one; more while samples of an ended one can still come.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "agent/pipeline/aggregator.h"
#include "agent/pipeline/window_clock.h"
#include "core/model/profile_window.h"

namespace sonde {

struct FilledWindow {
  WindowSpan span;
  ProfileWindow window;
};

// Thread-confined. Cost of a sample: the Aggregator's.
class WindowSet {
 public:
  // length_ns  0: one window, from begin() to the end of all samples.
  explicit WindowSet(std::uint64_t length_ns = 0, Aggregator::Options limits = {});

  // The first window begins; samples from before belong to it too.
  void begin(const ClockReading& now);
  // As WindowClock::observe(); nothing happens without a length, or before begin(). Call it before
  // samples are added that are later than the last reading.
  void observe(const ClockReading& now);

  // False if the sample was not stored: its window is at its limit and the stack is new.
  bool add(std::uint64_t time_ns, const Sample& sample);

  // The oldest window, if it ended at or before `drained_ns`: every sample up to then was added.
  std::optional<FilledWindow> close(std::uint64_t drained_ns);
  // Whatever is left, oldest first, the last one up to `end`. Windows begin anew with begin().
  std::deque<FilledWindow> close_all(const ClockReading& end);

  // Whether one waits for close().
  [[nodiscard]] bool has_ended() const { return filling_.size() > 1; }

  // Copies of those that are being filled, oldest first, each up to `now` at most; none before
  // begin().
  [[nodiscard]] std::vector<FilledWindow> copies(const ClockReading& now) const;
  // Of the window that is being filled, as far as it is known; none before begin().
  [[nodiscard]] std::optional<WindowSpan> filling_span() const {
    return clock_ ? std::optional(clock_->open().back()) : std::nullopt;
  }
  // Calls visit(const ProfileWindow&) for each window that is being filled.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (const auto& aggregator : filling_) visit(aggregator->window());
  }
  [[nodiscard]] std::uint64_t samples() const { return samples_; }  // stored since the start

 private:
  [[nodiscard]] FilledWindow take_oldest(const WindowSpan& span);
  [[nodiscard]] FilledWindow copy_of(std::size_t index, const ClockReading& now) const;
  void match_clock();

  const std::uint64_t length_ns_;
  const Aggregator::Options limits_;
  std::optional<WindowClock> clock_;
  std::deque<std::unique_ptr<Aggregator>> filling_;  // by clock_->open()
  std::uint64_t samples_ = 0;
};

}  // namespace sonde
