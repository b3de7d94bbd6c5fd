// SPDX-License-Identifier: Apache-2.0
// Which share of the CPU time that the kernel charged the samples of a range account for: of the
// whole host, and of cgroups. Sums over windows; no names are looked up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/model/closed_window.h"
#include "core/model/label_matcher.h"

namespace sonde {

struct ChargeSum {
  std::uint64_t samples = 0;
  std::uint64_t sampled_ns = 0;  // their weights
  std::uint64_t charged_ns = 0;  // by the kernel; 0: not known
  std::uint64_t windows = 0;     // whose accounting was read at both ends
  double variance_ns2 = 0;       // of sampled_ns, at most: samples that came by chance (Poisson)

  ChargeSum& operator+=(const ChargeSum& other);
};

// Both sides are only of windows, and in them of cgroups, that have both.
//
// A cgroup's figure is with everything below it, so a window is cut into regions: a sample belongs
// to the region of the nearest cgroup that was read, itself or above it, and what was charged in a
// region is its cgroup's figure less those of the regions right below. Samples that are below no
// cgroup that was read count for the host alone. Thread-confined.
class ChargeSums {
 public:
  static constexpr std::size_t kMaxCgroups = 10'000;  // that are told apart; others are left out

  void add(const ClosedWindow& window);

  [[nodiscard]] const ChargeSum& host() const { return host_; }
  // Of all cgroups whose labels match, and how many these are. `windows` are those of the cgroup
  // that has most.
  // Precondition: selects_cgroups(matchers).
  struct OfCgroups {
    std::uint64_t cgroups = 0;
    ChargeSum sum;
  };
  [[nodiscard]] OfCgroups of(const std::vector<LabelMatcher>& matchers) const;
  // Of the files that cgroups' figures are from: the last one.
  [[nodiscard]] const std::string& source() const { return source_; }

  // There are conditions, and all are about what every process of a cgroup has in common.
  static bool selects_cgroups(const std::vector<LabelMatcher>& matchers);

 private:
  struct Cgroup {
    Labels labels;  // of those that all its processes have
    ChargeSum sum;
  };

  Cgroup* find_or_add(const std::string& path);
  void learn_labels(const ClosedWindow& window);
  void add_regions(const ClosedWindow& window, const std::vector<ChargeSum>& by_target);

  ChargeSum host_;
  std::map<std::string, Cgroup> cgroups_;  // by path
  std::string source_;
};

}  // namespace sonde
