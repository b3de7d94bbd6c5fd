// SPDX-License-Identifier: Apache-2.0
// Label values, help texts and numbers of any bytes give a page that the strict reader accepts, in
// both formats; any Accept header is answered.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "exporters/prometheus/encode.h"
#include "tests/support/metrics_check.h"

namespace {

// The bytes up to the next newline.
std::string_view next(std::string_view& rest) {
  const std::string_view part = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  return part;
}

double number(std::string_view bytes) {
  double value = 0;
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof(value)));
  return value;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const sonde::MetricFormat format = sonde::negotiate_metric_format(next(rest));
  sonde::MetricBatch batch;
  sonde::MetricFamily& gauge =
      batch.family(sonde::MetricKind::kGauge, "a", "", "help " + std::string(next(rest)));
  sonde::MetricFamily& histogram = batch.family(sonde::MetricKind::kHistogram, "h", "", "help");
  for (int i = 0; !rest.empty(); ++i) {
    const std::string value(next(rest));
    gauge.add({{"i", std::to_string(i)}, {"value", value}}, number(value));
    sonde::MetricHistogram counted{.bounds = {0, 1.5}, .counts = {}};
    if (const double sum = number(value); !std::isnan(sum)) counted.observe(sum);
    histogram.add({{"i", std::to_string(i)}, {"value", value}}, std::move(counted));
  }
  const std::string page = sonde::encode_metrics(batch, format);
  for (const std::string& finding : sonde::check_metrics_page(page, format)) {
    std::fprintf(stderr, "%s\n%s", finding.c_str(), page.c_str());
    std::abort();
  }
  return 0;
}
