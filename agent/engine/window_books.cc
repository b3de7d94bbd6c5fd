// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/window_books.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "agent/pipeline/loss.h"

namespace sonde {
namespace {

using Counts = std::map<std::string, std::uint64_t>;

// Notes that say how things are, not how often something happened.
constexpr std::array<std::string_view, 3> kStates = {"images", "processes",
                                                     "verified_instructions"};

std::uint64_t less(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; }

std::uint64_t count_of(const Counts& counts, const std::string& name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

Counts since(const Counts& now, const Counts& before) {
  Counts out;
  for (const auto& [name, count] : now) {
    const bool is_state = std::ranges::find(kStates, name) != kStates.end();
    const std::uint64_t more = is_state ? count : less(count, count_of(before, name));
    if (more > 0) out[name] = more;
  }
  return out;
}

std::uint64_t lost_by_user(const Counts& lost) {
  std::uint64_t sum = 0;
  for (const char* name : kUserLossNames) sum += count_of(lost, name);
  return sum;
}

std::uint64_t parts_of(const ProfileMeta& meta) {
  const TickLedger& ticks = meta.ticks;
  return ticks.idle + ticks.filtered + ticks.thinned + ticks.emitted +
         count_of(meta.lost, "ring_full");
}

// A count that was read before another one which includes it cannot be greater.
std::uint64_t unexplained(const ProfileMeta& before, const ProfileMeta& now,
                          std::uint64_t accounted, bool last) {
  const ProfileMeta& earlier = last ? now : before;
  return std::max({less(earlier.ticks.run, parts_of(now)), less(parts_of(earlier), now.ticks.run),
                   less(earlier.ticks.emitted, accounted),
                   last ? less(accounted, now.ticks.emitted) : 0});
}

ProfileCost cost_since(const ProfileMeta& now, const ProfileMeta& before) {
  ProfileCost cost = now.cost;
  cost.cpu_seconds -= before.cost.cpu_seconds;
  cost.bpf_seconds -= before.cost.bpf_seconds;
  const std::uint64_t emitted = less(now.ticks.emitted, before.ticks.emitted);
  cost.bpf_ns_per_sample =
      emitted == 0
          ? 0
          : static_cast<std::uint64_t>(cost.bpf_seconds * 1e9 / static_cast<double>(emitted));
  return cost;
}

}  // namespace

void WindowBooks::observe(ProfileMeta now) {
  earlier_ = std::move(now_);
  now_ = std::move(now);
}

ProfileMeta WindowBooks::close(const WindowSamples& samples, bool last) {
  const ProfileMeta& now = now_;
  ProfileMeta out = now;
  out.lost = since(now.lost, before_.lost);
  out.notes = since(now.notes, before_.notes);
  // Clocks and counters are read one after the other: what seemed missed may still have run.
  const std::uint64_t missed = std::max(missed_, now.ticks.missed);
  out.lost.erase("missed");
  if (missed > missed_) out.lost["missed"] = missed - missed_;
  out.ticks.missed = missed - missed_;
  out.ticks.idle = less(now.ticks.idle, before_.ticks.idle);
  // What was left out here is of the samples that the kernel emitted, and not stored.
  out.ticks.filtered =
      less(now.ticks.filtered, before_.ticks.filtered) + count_of(out.notes, "opted_out");
  out.ticks.thinned = less(now.ticks.thinned, before_.ticks.thinned);
  out.ticks.emitted = samples.stored + lost_by_user(out.lost);
  out.ticks.run = parts_of(out);
  out.ticks.expected = out.ticks.run + out.ticks.missed;
  if (const std::uint64_t ticks = unexplained(earlier_, now, samples.accounted, last); ticks > 0) {
    out.notes["unaccounted"] = ticks;
  }
  out.cost = cost_since(now, before_);
  missed_ = missed;
  before_ = now;
  return out;
}

}  // namespace sonde
