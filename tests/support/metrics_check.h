// SPDX-License-Identifier: Apache-2.0
// A strict reader of metrics pages, for tests: what sonde writes must be correct beyond what
// scrapers and promtool look at (duplicate series, split families, broken histograms).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exporters/prometheus/negotiate.h"

namespace sonde {

// `line N: what is wrong`, one for each finding; empty for a correct page.
std::vector<std::string> check_metrics_page(std::string_view page, MetricFormat format);

}  // namespace sonde
