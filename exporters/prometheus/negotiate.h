// SPDX-License-Identifier: Apache-2.0
// Which of the two formats of a metrics page a client wants. Stateless, thread-safe.
#pragma once

#include <string_view>

namespace sonde {

enum class MetricFormat {
  kText,         // Prometheus text format 0.0.4
  kOpenMetrics,  // OpenMetrics 1.0.0
};

// The format of an Accept header (RFC 9110, 12.5.1), the text format if both are equally welcome or
// neither is: scrapers understand it whatever they say.
MetricFormat negotiate_metric_format(std::string_view accept);

// The Content-Type of a page in that format.
std::string_view content_type_of(MetricFormat format);

}  // namespace sonde
