// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_trends.h"

#include <algorithm>

#include "agent/cli/figures.h"

namespace sonde {

void TopTrends::add(const TopWindow& window, bool kernel) {
  for (const TopBy by : {TopBy::kProcess, TopBy::kCgroup, TopBy::kFunction}) {
    std::vector<TopRow> rows = top_rows(window, by, kernel);
    sort_rows(rows, TopSort::kCpu);
    if (rows.size() > kMaxRows) rows.resize(kMaxRows);
    auto& windows = windows_.at(static_cast<std::size_t>(by));
    Cores& cores = windows.emplace_back();
    for (const TopRow& row : rows) {
      cores[row.key] = static_cast<float>(ratio(row.cpu_ns, window.profile.meta.duration_ns));
    }
    if (windows.size() > kWindows) windows.pop_front();
  }
}

void TopTrends::clear() {
  for (auto& windows : windows_) windows.clear();
}

std::vector<double> TopTrends::of(TopBy by, const std::string& key) const {
  std::vector<double> out;
  for (const Cores& cores : windows_.at(static_cast<std::size_t>(by))) {
    const auto found = cores.find(key);
    out.push_back(found == cores.end() ? 0.0 : static_cast<double>(found->second));
  }
  return out;
}

}  // namespace sonde
