// SPDX-License-Identifier: Apache-2.0
#include "core/model/books.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sonde {
namespace {

// Notes that state how many there are, not how many more there were.
constexpr std::array<std::string_view, 3> kLevels = {"images", "processes",
                                                     "verified_instructions"};

std::uint64_t distance(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; }

void add_cost(ProfileCost& sum, const ProfileCost& one) {
  sum.cpu_seconds += one.cpu_seconds;
  sum.bpf_seconds += one.bpf_seconds;
  sum.rss_peak_bytes = std::max(sum.rss_peak_bytes, one.rss_peak_bytes);
  sum.kernel_map_bytes = std::max(sum.kernel_map_bytes, one.kernel_map_bytes);
}

void add_ticks(TickLedger& sum, const TickLedger& one) {
  sum.expected += one.expected;
  sum.missed += one.missed;
  sum.run += one.run;
  sum.idle += one.idle;
  sum.filtered += one.filtered;
  sum.thinned += one.thinned;
  sum.emitted += one.emitted;
}

}  // namespace

LossSide side_of_loss(std::string_view reason) {
  if (reason == "missed") return LossSide::kClock;
  return reason == "ring_full" ? LossSide::kKernel : LossSide::kUser;
}

const char* to_string(LossSide side) {
  switch (side) {
    case LossSide::kClock:
      return "clock";
    case LossSide::kKernel:
      return "kernel";
    case LossSide::kUser:
      return "user";
  }
  return "user";
}

std::uint64_t unaccounted_ticks(const ProfileMeta& meta, std::uint64_t stored) {
  std::map<LossSide, std::uint64_t> lost;
  for (const auto& [reason, samples] : meta.lost) lost[side_of_loss(reason)] += samples;
  const TickLedger& ticks = meta.ticks;
  const auto found = meta.notes.find("unaccounted");
  return (found == meta.notes.end() ? 0 : found->second) +
         distance(ticks.expected, ticks.missed + ticks.run) +
         distance(ticks.run, ticks.idle + ticks.filtered + ticks.thinned + ticks.emitted +
                                 lost[LossSide::kKernel]) +
         distance(ticks.emitted, stored + lost[LossSide::kUser]);
}

std::uint64_t lost_of(const ProfileMeta& meta) {
  std::uint64_t sum = 0;
  for (const auto& [reason, count] : meta.lost) sum += count;
  return sum;
}

std::uint64_t missed_of(const ProfileMeta& meta) {
  const auto found = meta.lost.find("missed");
  return found == meta.lost.end() ? 0 : found->second;
}

double lost_share(const LossFigures& figures) {
  const auto ratio = [](std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  const std::uint64_t ticks = figures.expected > 0 ? std::min(figures.missed, figures.lost) : 0;
  const std::uint64_t samples = figures.lost - ticks;
  return ratio(samples, figures.samples + samples) + ratio(ticks, figures.expected);
}

double lost_share(const ProfileMeta& meta, std::uint64_t samples) {
  return lost_share({samples, lost_of(meta), missed_of(meta), meta.ticks.expected});
}

void MetaSum::add(const ProfileMeta& meta) {
  sum_.host = meta.host;
  sum_.kernel = meta.kernel;
  sum_.version = meta.version;
  sum_.cpu_count = meta.cpu_count;
  sum_.rate_hz = meta.rate_hz;
  sum_.cgroup_mode = meta.cgroup_mode;
  if (windows_ == 0) sum_.begin_ns = meta.begin_ns;
  sum_.duration_ns += meta.duration_ns;
  add_ticks(sum_.ticks, meta.ticks);
  for (const auto& [reason, samples] : meta.lost) sum_.lost[reason] += samples;
  for (const auto& [name, count] : meta.notes) {
    std::uint64_t& sum = sum_.notes[name];
    const bool is_level = std::ranges::find(kLevels, name) != kLevels.end();
    sum = is_level ? std::max(sum, count) : sum + count;
  }
  add_cost(sum_.cost, meta.cost);
  if (sum_.ticks.emitted > 0) {
    sum_.cost.bpf_ns_per_sample = static_cast<std::uint64_t>(
        std::llround(sum_.cost.bpf_seconds * 1e9 / static_cast<double>(sum_.ticks.emitted)));
  }
  if (std::ranges::find(rates_, meta.rate_hz) == rates_.end()) rates_.push_back(meta.rate_hz);
  ++windows_;
}

}  // namespace sonde
