// SPDX-License-Identifier: Apache-2.0
// One snapshot of measured values, on its way to the metrics page and later to other exporters.
// Names are Prometheus' own (snake_case, base units); an encoder adds what its format wants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde {

enum class MetricKind : std::uint8_t {
  kCounter,    // a total that only grows
  kGauge,      // a value that goes up and down
  kHistogram,  // a distribution since the start
  kInfo,       // labels that describe something; its value is always 1
};

struct MetricLabel {
  std::string name;   // [a-z][a-z0-9_]*
  std::string value;  // any bytes: names come from the host
};

struct MetricHistogram {
  std::vector<double> bounds = {};  // upper, inclusive, ascending, without infinity
  std::vector<std::uint64_t> counts =
      {};  // bounds.size() + 1: each bucket alone, the last has no bound
  double sum = 0;

  // Counts one value. Precondition: not NaN. cost: linear in the bounds.
  void observe(double value);
};

struct MetricPoint {
  std::vector<MetricLabel> labels;  // the same names at every point of a family
  double value = 0;                 // of counters and gauges
  MetricHistogram histogram = {};   // of histograms
};

struct MetricFamily {
  std::string name;  // with its unit, without what a format adds to a kind (`_total`, `_info`)
  MetricKind kind = MetricKind::kGauge;
  std::string unit;  // `seconds`, `bytes`; empty if it has none. `name` ends with it
  std::string help;  // one sentence
  std::vector<MetricPoint> points;

  void add(double value) { points.push_back({.labels = {}, .value = value}); }
  void add(std::vector<MetricLabel> labels, double value) {
    points.push_back({.labels = std::move(labels), .value = value});
  }
  void add(std::vector<MetricLabel> labels, MetricHistogram histogram) {
    points.push_back({.labels = std::move(labels), .value = 0, .histogram = std::move(histogram)});
  }
};

// Families by name: several sources may add points to one. Thread-confined.
class MetricBatch {
 public:
  // The family of that name, made if it is new; the reference stays valid. What describes it is
  // taken from the first call.
  MetricFamily& family(MetricKind kind, std::string_view name, std::string_view unit,
                       std::string_view help);

  // In the order of their first call.
  [[nodiscard]] const std::deque<MetricFamily>& families() const { return families_; }

 private:
  std::deque<MetricFamily> families_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

}  // namespace sonde
