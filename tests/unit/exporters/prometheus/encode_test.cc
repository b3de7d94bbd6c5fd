// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/encode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "tests/support/metrics_check.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string encode(const MetricBatch& batch, MetricFormat format = MetricFormat::kText) {
  std::string page = encode_metrics(batch, format);
  EXPECT_THAT(check_metrics_page(page, format), IsEmpty()) << page;
  return page;
}

MetricBatch every_kind() {
  MetricBatch batch;
  batch.family(MetricKind::kInfo, "sonde_build", "", "Version.").add({{"version", "0.1.0"}}, 1);
  MetricFamily& lost = batch.family(MetricKind::kCounter, "sonde_lost", "", "Samples lost.");
  lost.add({{"stage", "kernel"}, {"reason", "ring_full"}}, 2);
  lost.add({{"stage", "user"}, {"reason", "stack_limit"}}, 0);
  batch.family(MetricKind::kGauge, "sonde_rss_bytes", "bytes", "Memory.").add(46'000'000);
  batch.family(MetricKind::kHistogram, "sonde_scrape_duration_seconds", "seconds", "Time.")
      .add({{"path", "/metrics"}},
           {.bounds = {0.001, 1, 2.5}, .counts = {3, 0, 1, 2}, .sum = 7.25});
  return batch;
}

TEST(EncodeMetricsTest, TheTextFormat) {
  EXPECT_EQ(encode(every_kind()),
            "# HELP sonde_build_info Version.\n"
            "# TYPE sonde_build_info gauge\n"
            "sonde_build_info{version=\"0.1.0\"} 1\n"
            "# HELP sonde_lost_total Samples lost.\n"
            "# TYPE sonde_lost_total counter\n"
            "sonde_lost_total{stage=\"kernel\",reason=\"ring_full\"} 2\n"
            "sonde_lost_total{stage=\"user\",reason=\"stack_limit\"} 0\n"
            "# HELP sonde_rss_bytes Memory.\n"
            "# TYPE sonde_rss_bytes gauge\n"
            "sonde_rss_bytes 46000000\n"
            "# HELP sonde_scrape_duration_seconds Time.\n"
            "# TYPE sonde_scrape_duration_seconds histogram\n"
            "sonde_scrape_duration_seconds_bucket{path=\"/metrics\",le=\"0.001\"} 3\n"
            "sonde_scrape_duration_seconds_bucket{path=\"/metrics\",le=\"1.0\"} 3\n"
            "sonde_scrape_duration_seconds_bucket{path=\"/metrics\",le=\"2.5\"} 4\n"
            "sonde_scrape_duration_seconds_bucket{path=\"/metrics\",le=\"+Inf\"} 6\n"
            "sonde_scrape_duration_seconds_sum{path=\"/metrics\"} 7.25\n"
            "sonde_scrape_duration_seconds_count{path=\"/metrics\"} 6\n");
}

TEST(EncodeMetricsTest, OpenMetrics) {
  const std::string page = encode(every_kind(), MetricFormat::kOpenMetrics);
  EXPECT_THAT(page, HasSubstr("# HELP sonde_build Version.\n# TYPE sonde_build info\n"
                              "sonde_build_info{version=\"0.1.0\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("# TYPE sonde_lost counter\nsonde_lost_total{"));
  EXPECT_THAT(page, HasSubstr("# TYPE sonde_rss_bytes gauge\n# UNIT sonde_rss_bytes bytes\n"));
  EXPECT_TRUE(page.ends_with("\n# EOF\n"));
}

TEST(EncodeMetricsTest, SeriesAreTheSameInBothFormats) {
  const auto samples = [](const std::string& page) {
    std::string out;
    for (std::size_t at = 0; at < page.size(); at = page.find('\n', at) + 1) {
      if (page[at] != '#') out += page.substr(at, page.find('\n', at) - at + 1);
    }
    return out;
  };
  EXPECT_EQ(samples(encode(every_kind())),
            samples(encode(every_kind(), MetricFormat::kOpenMetrics)));
}

TEST(EncodeMetricsTest, HostileTextStaysInItsPlace) {
  MetricBatch batch;
  MetricFamily& family = batch.family(MetricKind::kGauge, "a", "", "say \"x\"\nand \\ \xff");
  family.add({{"name", "\"} 1\nevil 2\n# EOF\n\\\xfe\xc3\xbc\r\t"}}, 1);
  family.add({{"name", std::string("\0\x1b[2J", 5)}}, 1);
  const std::string text = encode(batch);
  EXPECT_THAT(text, HasSubstr("# HELP a say \"x\"\\nand \\\\ \\\\xff\n"));
  EXPECT_THAT(
      text,
      HasSubstr("a{name=\"\\\"} 1\\nevil 2\\n# EOF\\n\\\\\\\\xfe\xc3\xbc\\\\x0d\\\\x09\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("a{name=\"\\\\x00\\\\x1b[2J\"} 1\n"));
  EXPECT_THAT(encode_metrics(batch, MetricFormat::kOpenMetrics),
              HasSubstr("# HELP a say \\\"x\\\"\\nand \\\\"));
}

TEST(EncodeMetricsTest, NumbersReadBackAsTheSameNumber) {
  MetricBatch batch;
  MetricFamily& family = batch.family(MetricKind::kGauge, "a", "", "Numbers.");
  for (const double value : {0.0, 1.0, -2.5, 0.1, 1e-300, 1e300, 123456789012345.0, 5e-324}) {
    family.points.clear();
    family.add(value);
    const std::string page = encode(batch);
    EXPECT_EQ(std::strtod(page.c_str() + page.rfind(' '), nullptr), value) << page;
  }
  family.points.clear();
  family.add({{"x", "1"}}, NAN);
  family.add({{"x", "2"}}, HUGE_VAL);
  family.add({{"x", "3"}}, -HUGE_VAL);
  const std::string page = encode(batch);
  EXPECT_THAT(page, HasSubstr("{x=\"1\"} NaN\n"));
  EXPECT_THAT(page, HasSubstr("{x=\"2\"} +Inf\n"));
  EXPECT_THAT(page, HasSubstr("{x=\"3\"} -Inf\n"));
}

TEST(EncodeMetricsTest, AHistogramThatCountedNothingIsWhole) {
  MetricBatch batch;
  batch.family(MetricKind::kHistogram, "h", "", "None.").add({}, MetricHistogram{.bounds = {1}});
  EXPECT_THAT(encode(batch), HasSubstr("h_bucket{le=\"+Inf\"} 0\nh_sum 0\nh_count 0\n"));
}

TEST(EncodeMetricsTest, FamiliesWithoutPointsAreLeftOut) {
  MetricBatch batch;
  batch.family(MetricKind::kGauge, "empty", "", "Nothing.");
  EXPECT_EQ(encode(batch), "");
  EXPECT_EQ(encode(batch, MetricFormat::kOpenMetrics), "# EOF\n");
}

}  // namespace
}  // namespace sonde
