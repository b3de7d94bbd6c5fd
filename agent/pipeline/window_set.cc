// SPDX-License-Identifier: Apache-2.0
#include "agent/pipeline/window_set.h"

#include <algorithm>

namespace sonde {
namespace {

// A window that no multiple ends: about 290 years.
constexpr std::uint64_t kEndless = std::uint64_t{1} << 63U;

}  // namespace

WindowSet::WindowSet(std::uint64_t length_ns, Aggregator::Options limits)
    : length_ns_(length_ns), limits_(limits) {
  filling_.push_back(std::make_unique<Aggregator>(limits_));
}

void WindowSet::begin(const ClockReading& now) {
  clock_.emplace(length_ns_ == 0 ? kEndless : length_ns_, now);
  match_clock();
}

void WindowSet::observe(const ClockReading& now) {
  if (length_ns_ == 0 || !clock_) return;
  clock_->observe(now);
  match_clock();
}

void WindowSet::match_clock() {
  while (filling_.size() < clock_->open().size()) {
    filling_.push_back(std::make_unique<Aggregator>(limits_));
  }
}

bool WindowSet::add(std::uint64_t time_ns, const Sample& sample) {
  const bool stored = filling_[clock_ ? clock_->window_of(time_ns) : 0]->add(sample);
  if (stored) ++samples_;
  return stored;
}

FilledWindow WindowSet::take_oldest(const WindowSpan& span) {
  FilledWindow out{span, filling_.front()->take()};
  filling_.pop_front();
  return out;
}

std::optional<FilledWindow> WindowSet::close(std::uint64_t drained_ns) {
  if (!clock_) return std::nullopt;
  const auto span = clock_->close(drained_ns);
  if (!span) return std::nullopt;
  return take_oldest(*span);
}

std::deque<FilledWindow> WindowSet::close_all(const ClockReading& end) {
  std::deque<FilledWindow> out;
  if (clock_) {
    observe(end);
    while (auto closed = close(end.mono_ns)) out.push_back(std::move(*closed));
    out.push_back(copy_of(filling_.size() - 1, end));
  }
  clock_.reset();
  filling_.clear();
  filling_.push_back(std::make_unique<Aggregator>(limits_));
  return out;
}

FilledWindow WindowSet::copy_of(std::size_t index, const ClockReading& now) const {
  FilledWindow out{clock_->open()[index], filling_[index]->window()};
  WindowSpan& span = out.span;
  if (now.mono_ns >= span.end_mono_ns) return out;
  span.end_mono_ns = std::max(now.mono_ns, span.begin_mono_ns);
  span.end_wall_ns = span.begin_wall_ns + (span.end_mono_ns - span.begin_mono_ns);
  return out;
}

std::vector<FilledWindow> WindowSet::copies(const ClockReading& now) const {
  std::vector<FilledWindow> out;
  if (!clock_) return out;
  for (std::size_t i = 0; i < clock_->open().size(); ++i) out.push_back(copy_of(i, now));
  return out;
}

}  // namespace sonde
