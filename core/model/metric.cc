// SPDX-License-Identifier: Apache-2.0
#include "core/model/metric.h"

#include <algorithm>

namespace sonde {

void MetricHistogram::observe(double value) {
  counts.resize(bounds.size() + 1);
  const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
  ++counts[static_cast<std::size_t>(bucket)];
  sum += value;
}

MetricFamily& MetricBatch::family(MetricKind kind, std::string_view name, std::string_view unit,
                                  std::string_view help) {
  if (const auto found = index_.find(name); found != index_.end()) return families_[found->second];
  index_.emplace(name, families_.size());
  return families_.emplace_back(
      MetricFamily{std::string(name), kind, std::string(unit), std::string(help), {}});
}

}  // namespace sonde
