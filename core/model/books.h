// SPDX-License-Identifier: Apache-2.0
// The books of clock ticks (docs/losses.md): what a range of windows says together, and what is
// missing in the sums. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/profile.h"

namespace sonde {

// Where a lost sample was last seen: each reason belongs to exactly one side.
enum class LossSide : std::uint8_t {
  kClock,   // the tick never ran the sampler: missed
  kKernel,  // it ran, and its sample did not leave the kernel
  kUser,    // the sample left the kernel and was not stored
};
LossSide side_of_loss(std::string_view reason);
const char* to_string(LossSide side);  // clock, kernel, user

// Ticks that the three equations of docs/losses.md do not explain, and those that were found
// missing when a window was closed (the note `unaccounted`): 0, or a bug of sonde.
//
// stored  samples in the profile, of all processes.
std::uint64_t unaccounted_ticks(const ProfileMeta& meta, std::uint64_t stored);

// Of all reasons: samples, and ticks that were missed.
std::uint64_t lost_of(const ProfileMeta& meta);
std::uint64_t missed_of(const ProfileMeta& meta);

struct LossFigures {
  std::uint64_t samples = 0;   // in the profile, of all processes
  std::uint64_t lost = 0;      // lost_of()
  std::uint64_t missed = 0;    // of them, ticks
  std::uint64_t expected = 0;  // ticks; 0: not known (foreign files)
};
// The share of what should have been sampled and was not: lost samples of all samples, missed ticks
// of the ticks of the clock, since a missed tick may have been an idle one. Without a count of
// ticks every loss counts as a sample. lostShare() of the page is the same rule. Source:
// docs/losses.md.
double lost_share(const LossFigures& figures);
double lost_share(const ProfileMeta& meta, std::uint64_t samples);

// Sums of what windows say of themselves. Thread-confined.
class MetaSum {
 public:
  // In the order of time: what has no sum (host, versions, rate) is as the last one says.
  void add(const ProfileMeta& meta);

  // begin_ns of the first window, duration_ns the recorded time of all.
  [[nodiscard]] const ProfileMeta& meta() const { return sum_; }
  // Each rate once, in the order of their first use.
  [[nodiscard]] const std::vector<std::uint32_t>& rates() const { return rates_; }
  [[nodiscard]] std::uint64_t windows() const { return windows_; }

 private:
  ProfileMeta sum_;
  std::vector<std::uint32_t> rates_;
  std::uint64_t windows_ = 0;
};

}  // namespace sonde
