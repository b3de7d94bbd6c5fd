// SPDX-License-Identifier: Apache-2.0
// How the rows of `sonde top` went in the last windows. Bounded.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/cli/top_table.h"

namespace sonde {

// Thread-confined.
class TopTrends {
 public:
  static constexpr std::size_t kWindows = 12;
  static constexpr std::size_t kMaxRows = 512;  // of a window: those with most time on the CPUs

  // All three tables of the newest window.
  void add(const TopWindow& window, bool kernel);
  void clear();

  // CPUs that the row used in each of the windows there were, oldest first, at most kWindows; what
  // is not among the first kMaxRows of one used none.
  [[nodiscard]] std::vector<double> of(TopBy by, const std::string& key) const;

 private:
  using Cores = std::unordered_map<std::string, float>;  // by key
  std::array<std::deque<Cores>, 3> windows_;             // by TopBy
};

}  // namespace sonde
