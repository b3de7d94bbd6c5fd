// SPDX-License-Identifier: Apache-2.0
#include "agent/web/metrics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "tests/support/metrics_check.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

HttpRequest accepts(const std::string& type) {
  HttpRequest request;
  request.headers.emplace_back("accept", type);
  return request;
}

std::string text(MetricsPage& page) {
  const HttpResponse answer = page.answer(accepts("text/plain"));
  EXPECT_EQ(answer.content_type, content_type_of(MetricFormat::kText));
  EXPECT_THAT(check_metrics_page(answer.body, MetricFormat::kText), IsEmpty()) << answer.body;
  return answer.body;
}

MetricSource http_of(const char* listener, const HttpServerCounts& counts) {
  return [=](MetricBatch& into) { add_http_metrics(listener, counts, into); };
}

TEST(MetricsPageTest, EverySourceIsOnThePage) {
  HttpServerCounts counts{.accepted = 7, .connections = 2, .sent_bytes = 12345};
  counts.answers[2] = 5;
  counts.refused[static_cast<std::size_t>(HttpRefusal::kForeignHost)] = 3;
  MetricsPage page;
  page.add("build", add_build_metrics);
  page.add("listen", http_of("listen", counts));
  page.add("telemetry_listen", http_of("telemetry_listen", {}));
  const std::string body = text(page);
  EXPECT_THAT(body, HasSubstr("sonde_build_info{version=\""));
  EXPECT_THAT(body, HasSubstr("sonde_http_accepted_total{listener=\"listen\"} 7\n"));
  EXPECT_THAT(body, HasSubstr("sonde_http_accepted_total{listener=\"telemetry_listen\"} 0\n"));
  EXPECT_THAT(body, HasSubstr("sonde_http_connections{listener=\"listen\"} 2\n"));
  EXPECT_THAT(body, HasSubstr("sonde_http_answers_total{listener=\"listen\",code=\"2xx\"} 5\n"));
  EXPECT_THAT(body, HasSubstr("reason=\"foreign_host\"} 3\n"));
  EXPECT_THAT(body, HasSubstr("node_scrape_collector_success{collector=\"build\"} 1\n"));
}

TEST(MetricsPageTest, TheClientChoosesTheFormat) {
  MetricsPage page;
  page.add("build", add_build_metrics);
  page.add("listen", http_of("listen", {}));
  const HttpResponse answer = page.answer(accepts("application/openmetrics-text;version=1.0.0"));
  EXPECT_EQ(answer.content_type, content_type_of(MetricFormat::kOpenMetrics));
  EXPECT_THAT(check_metrics_page(answer.body, MetricFormat::kOpenMetrics), IsEmpty())
      << answer.body;
}

TEST(MetricsPageTest, ASourceThatFailsIsMarkedAndTheOthersStay) {
  MetricsPage page;
  page.add("bad", [](MetricBatch&) { throw std::runtime_error("no memory"); });
  page.add("build", add_build_metrics);
  const std::string body = text(page);
  EXPECT_THAT(body, HasSubstr("node_scrape_collector_success{collector=\"bad\"} 0\n"));
  EXPECT_THAT(body, HasSubstr("node_scrape_collector_success{collector=\"build\"} 1\n"));
  EXPECT_THAT(body, HasSubstr("sonde_build_info"));
}

TEST(MetricsPageTest, EarlierPagesAreCounted) {
  MetricsPage page;
  EXPECT_THAT(text(page), HasSubstr("sonde_scrape_duration_seconds_count 0\n"));
  const std::string second = text(page);
  EXPECT_THAT(second, HasSubstr("sonde_scrape_duration_seconds_count 1\n"));
  EXPECT_THAT(text(page), HasSubstr("sonde_scrape_bytes " + std::to_string(second.size()) + "\n"));
}

}  // namespace
}  // namespace sonde
