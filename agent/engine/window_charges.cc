// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/window_charges.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/process/cpu_usage.h"
#include "core/base/clock.h"
#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::size_t kAskedOfACgroup = 4;  // processes

std::optional<std::uint64_t> read_host_usage(const std::string& proc_root) {
  const auto text = read_file(proc_root + "/stat", std::size_t{16} << 20);
  if (!text) return std::nullopt;
  const auto ns = parse_host_usage(*text);
  return ns ? std::optional(*ns) : std::nullopt;
}

}  // namespace

WindowCharges::WindowCharges(const CgroupLayout& layout, const ProcReader& proc, CgroupPaths& paths,
                             std::uint64_t window_ns)
    : layout_(layout), proc_(proc), paths_(paths), window_ns_(window_ns), meters_(layout, proc) {}

void WindowCharges::observe(const WindowSet& windows) {
  const auto filling = windows.filling_span();
  if (window_ns_ == 0 || !filling || filling->begin_mono_ns == boundary_ns_) return;
  const std::uint64_t before = std::exchange(boundary_ns_, filling->begin_mono_ns);
  const std::uint64_t latest = boundary_ns_ + std::max(window_ns_ / kParts, kLeastLateNs);
  auto host = read_host_usage(proc_.root());
  std::vector<CgroupCharge> cgroups = meters_.read(latest);
  watch_those_of(windows);
  if (!host || monotonic_ns() > latest) {
    ++late_;
    host.reset();
  }
  const auto host_before = std::exchange(host_ns_, host);
  if (!host || !host_before || *host < *host_before) return;
  if (ended_.size() >= kMaxEnded) ended_.pop_front();
  ended_.push_back({.begin_mono_ns = before,
                    .end_mono_ns = boundary_ns_,
                    .charges = {.host_ns = *host - *host_before,
                                .source = layout_.cpu_file(),
                                .cgroups = std::move(cgroups)}});
}

// Those that the next window's figures begin with here.
void WindowCharges::watch_those_of(const WindowSet& windows) {
  std::map<std::uint64_t, std::vector<std::uint32_t>> processes;  // by cgroup
  windows.for_each([&](const ProfileWindow& window) {
    for (const WindowProcess& process : window.processes) {
      auto& asked = processes[process.cgroup_id];
      if (asked.size() < kAskedOfACgroup) asked.push_back(process.tgid);
    }
  });
  const std::uint64_t now = monotonic_ns();
  for (const auto& [cgroup, tgids] : processes) {
    meters_.watch(paths_.path_of(cgroup, now), tgids);
  }
}

std::optional<CpuCharges> WindowCharges::take(const WindowSpan& span) {
  std::optional<CpuCharges> out;
  while (!ended_.empty() && ended_.front().end_mono_ns <= span.end_mono_ns) {
    Ended& one = ended_.front();
    if (one.begin_mono_ns == span.begin_mono_ns && one.end_mono_ns == span.end_mono_ns) {
      out = std::move(one.charges);
    }
    ended_.pop_front();
  }
  return out;
}

ChargeLossCounts WindowCharges::lost() const {
  ChargeLossCounts lost = meters_.lost();
  lost[static_cast<std::size_t>(ChargeLoss::kChargeLate)] += late_;
  return lost;
}

}  // namespace sonde
