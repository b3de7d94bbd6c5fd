// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "agent/cli/figures.h"
#include "agent/cli/text.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::size_t kBarCells = 15;

double in_seconds(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

// Short recordings show tenths, long ones do not.
std::string seconds_text(double value, bool tenths) { return format_fixed(value, tenths ? 1 : 0); }

std::string total_text(nanoseconds duration) {
  const double value = in_seconds(duration);
  return format_fixed(value, value == std::floor(value) ? 0 : 1);
}

}  // namespace

std::string Progress::line(nanoseconds elapsed, std::uint64_t samples, std::uint64_t lost) const {
  const std::string tail = format_count(samples) + " samples  " + format_count(lost) + " lost";
  std::string head = "recording " + what_ + ", " + format_count(rate_hz_) + " Hz";
  std::string time = seconds_text(in_seconds(elapsed), true) + " s";
  std::string bar;
  if (duration_) {
    const double share = std::min(1.0, in_seconds(elapsed) / in_seconds(*duration_));
    const auto full = static_cast<std::size_t>(share * kBarCells);
    for (std::size_t i = 0; i < kBarCells; ++i) {
      bar += i < full ? pen_.sign("█", "#") : pen_.sign("░", "-");
    }
    bar += " ";
    time = seconds_text(std::min(in_seconds(elapsed), in_seconds(*duration_)), true) + "/" +
           total_text(*duration_) + " s";
  }
  // What is left out first where the line is too long: the bar, then the end of the head.
  if (display_width(head + bar + time + tail) + 4 > pen_.width()) bar.clear();
  std::string figures = bar + time + "  " + tail;
  const std::size_t room = pen_.width() - std::min(pen_.width(), display_width(figures) + 2);
  head = fitting_head(head, room);
  return std::string(fitting_head(head + "  " + figures, pen_.width()));
}

void Progress::update(nanoseconds elapsed, std::uint64_t samples, std::uint64_t lost) {
  const bool moves = pen_.terminal().moves;
  if (elapsed < next_) return;
  next_ = elapsed + (moves ? nanoseconds(milliseconds(500)) : nanoseconds(seconds(10)));
  const std::string text = line(elapsed, samples, lost);
  std::fprintf(stderr, moves ? "\r%s\x1b[K" : "%s\n", text.c_str());
  std::fflush(stderr);
  drawn_ = moves;
}

void Progress::finish() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace sonde
