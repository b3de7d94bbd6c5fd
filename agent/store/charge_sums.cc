// SPDX-License-Identifier: Apache-2.0
#include "agent/store/charge_sums.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace sonde {
namespace {

// Labels that depend on the cgroup alone.
constexpr std::array<std::string_view, 4> kCgroupLabels = {"cgroup", "container", "namespace",
                                                           "pod"};

bool is_cgroup_label(std::string_view name) {
  return std::ranges::find(kCgroupLabels, name) != kCgroupLabels.end();
}

std::uint64_t less(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; }

// Which of the cgroups, by path, is the nearest at `path` or above it.
std::optional<std::size_t> nearest(const std::vector<CgroupCharge>& cgroups,
                                   std::string_view path) {
  while (!path.empty()) {
    const auto found = std::ranges::lower_bound(cgroups, path, {}, &CgroupCharge::cgroup);
    if (found != cgroups.end() && found->cgroup == path) {
      return static_cast<std::size_t>(found - cgroups.begin());
    }
    path = path.substr(0, std::min(path.rfind('/'), path.size()));
  }
  return std::nullopt;
}

std::string_view above(std::string_view path) {
  return path.substr(0, std::min(path.rfind('/'), path.size()));
}

std::string cgroup_of(const Labels& labels) {
  const auto found = labels.find("cgroup");
  return found == labels.end() ? "" : found->second;
}

std::vector<ChargeSum> samples_by_target(const ClosedWindow& window) {
  std::vector<ChargeSum> out(window.targets.size());
  for (const WindowStack& stack : window.window.stacks) {
    if (stack.samples == 0) continue;
    const auto ns = static_cast<double>(stack.cpu_ns);
    out[window.target_of_process[stack.process]] +=
        {.samples = stack.samples,
         .sampled_ns = stack.cpu_ns,
         .variance_ns2 = ns * ns / static_cast<double>(stack.samples)};
  }
  return out;
}

}  // namespace

ChargeSum& ChargeSum::operator+=(const ChargeSum& other) {
  samples += other.samples;
  sampled_ns += other.sampled_ns;
  charged_ns += other.charged_ns;
  windows += other.windows;
  variance_ns2 += other.variance_ns2;
  return *this;
}

void ChargeSums::add(const ClosedWindow& window) {
  learn_labels(window);
  // Ticks that were filtered have no sample, and were charged all the same.
  if (!window.charges || window.meta.ticks.filtered > 0) return;
  source_ = window.charges->source;
  const std::vector<ChargeSum> by_target = samples_by_target(window);
  for (const ChargeSum& one : by_target) host_ += one;
  host_.charged_ns += window.charges->host_ns;
  ++host_.windows;
  add_regions(window, by_target);
}

ChargeSums::Cgroup* ChargeSums::find_or_add(const std::string& path) {
  const auto found = cgroups_.find(path);
  if (found != cgroups_.end()) return &found->second;
  if (cgroups_.size() >= kMaxCgroups) return nullptr;
  return &cgroups_.emplace(path, Cgroup{.labels = {{"cgroup", path}}, .sum = {}}).first->second;
}

void ChargeSums::learn_labels(const ClosedWindow& window) {
  for (const Labels& labels : window.targets) {
    const std::string path = cgroup_of(labels);
    Cgroup* cgroup = path.empty() ? nullptr : find_or_add(path);
    if (cgroup == nullptr) continue;
    for (const auto& [name, value] : labels) {
      if (is_cgroup_label(name)) cgroup->labels[name] = value;
    }
  }
}

void ChargeSums::add_regions(const ClosedWindow& window, const std::vector<ChargeSum>& by_target) {
  const std::vector<CgroupCharge>& cgroups = window.charges->cgroups;
  std::vector<ChargeSum> regions(cgroups.size());
  std::vector<bool> mixed(cgroups.size());  // has samples of a cgroup below that was not read
  for (std::size_t i = 0; i < cgroups.size(); ++i) regions[i].charged_ns = cgroups[i].ns;
  for (const CgroupCharge& one : cgroups) {
    if (const auto parent = nearest(cgroups, above(one.cgroup))) {
      regions[*parent].charged_ns = less(regions[*parent].charged_ns, one.ns);
    }
  }
  for (std::size_t i = 0; i < by_target.size(); ++i) {
    const std::string path = cgroup_of(window.targets[i]);
    const auto region = nearest(cgroups, path);
    if (!region || by_target[i].samples == 0) continue;
    regions[*region] += by_target[i];
    if (cgroups[*region].cgroup != path) mixed[*region] = true;
  }
  for (std::size_t i = 0; i < cgroups.size(); ++i) {
    Cgroup* cgroup = mixed[i] ? nullptr : find_or_add(cgroups[i].cgroup);
    if (cgroup == nullptr) continue;
    regions[i].windows = 1;
    cgroup->sum += regions[i];
  }
}

ChargeSums::OfCgroups ChargeSums::of(const std::vector<LabelMatcher>& matchers) const {
  OfCgroups out;
  std::uint64_t windows = 0;
  for (const auto& [path, cgroup] : cgroups_) {
    if (cgroup.sum.windows == 0 || !matches_all(matchers, cgroup.labels)) continue;
    ++out.cgroups;
    out.sum += cgroup.sum;
    windows = std::max(windows, cgroup.sum.windows);
  }
  out.sum.windows = windows;
  return out;
}

bool ChargeSums::selects_cgroups(const std::vector<LabelMatcher>& matchers) {
  return !matchers.empty() && std::ranges::all_of(matchers, [](const LabelMatcher& one) {
    return is_cgroup_label(one.name());
  });
}

}  // namespace sonde
