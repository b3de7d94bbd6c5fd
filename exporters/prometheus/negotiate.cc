// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/negotiate.h"

#include <algorithm>

#include "core/base/ascii.h"

namespace sonde {
namespace {

// `1`, `0.75` in thousandths; what is no weight counts as none (RFC 9110: 0 to 1, three digits).
int weight_of(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
  if (text.size() > 1 && text[1] != '.') return 0;
  int weight = (text[0] - '0') * 1000;
  int place = 100;
  for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (c < '0' || c > '9') return 0;
    weight += (c - '0') * place;
    place /= 10;
  }
  return std::min(weight, 1000);
}

struct MediaRange {
  std::string_view type;
  std::string_view version;
  int weight = 1000;
};

MediaRange parse_range(std::string_view text) {
  MediaRange range;
  range.type = trimmed(next_part(text, ';'));
  while (!text.empty()) {
    std::string_view value = next_part(text, ';');
    const std::string_view name = trimmed(next_part(value, '='));
    value = trimmed(value);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    if (equal_ignoring_case(name, "q")) range.weight = weight_of(value);
    if (equal_ignoring_case(name, "version")) range.version = value;
  }
  return range;
}

// How closely the range describes `type`: 0 not at all, 1 `*/*`, 2 `text/*`, 3 itself.
int closeness(const MediaRange& range, std::string_view type, std::string_view version) {
  if (range.type == "*/*") return 1;
  const std::string_view family = type.substr(0, type.find('/') + 1);
  if (range.type.ends_with("/*") &&
      equal_ignoring_case(range.type.substr(0, range.type.size() - 1), family)) {
    return 2;
  }
  const bool same_version = range.version.empty() || range.version == version;
  return equal_ignoring_case(range.type, type) && same_version ? 3 : 0;
}

// The weight of the range that describes the type most closely, 0 if none does.
int weight_for(std::string_view accept, std::string_view type, std::string_view version) {
  int best = 0;
  int weight = 0;
  while (!accept.empty()) {
    const MediaRange range = parse_range(next_part(accept, ','));
    const int close = closeness(range, type, version);
    if (close < best || close == 0) continue;
    weight = close == best ? std::max(weight, range.weight) : range.weight;
    best = close;
  }
  return weight;
}

}  // namespace

MetricFormat negotiate_metric_format(std::string_view accept) {
  const int open_metrics = weight_for(accept, "application/openmetrics-text", "1.0.0");
  const int text = weight_for(accept, "text/plain", "0.0.4");
  return open_metrics > text ? MetricFormat::kOpenMetrics : MetricFormat::kText;
}

std::string_view content_type_of(MetricFormat format) {
  return format == MetricFormat::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace sonde
