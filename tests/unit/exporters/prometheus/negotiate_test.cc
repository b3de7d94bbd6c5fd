// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/negotiate.h"

#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

bool open_metrics(std::string_view accept) {
  return negotiate_metric_format(accept) == MetricFormat::kOpenMetrics;
}

TEST(NegotiateTest, WhatScrapersSend) {
  // Prometheus 2.42, 3.x, an OpenTelemetry Collector that asks for text, curl, a browser.
  EXPECT_TRUE(
      open_metrics("application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
                   "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
  EXPECT_TRUE(
      open_metrics("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
                   "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;"
                   "escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"));
  EXPECT_FALSE(open_metrics("text/plain;version=0.0.4;q=1,*/*;q=0.1"));
  EXPECT_FALSE(open_metrics("*/*"));
  EXPECT_FALSE(open_metrics("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
  EXPECT_FALSE(open_metrics(""));
}

TEST(NegotiateTest, WeightsDecide) {
  EXPECT_TRUE(open_metrics("text/plain;q=0.5, application/openmetrics-text;q=0.6"));
  EXPECT_FALSE(open_metrics("text/plain;q=0.6, application/openmetrics-text;q=0.5"));
  EXPECT_FALSE(open_metrics("text/plain, application/openmetrics-text")) << "equally welcome";
  EXPECT_FALSE(open_metrics("application/openmetrics-text;q=0"));
  EXPECT_FALSE(open_metrics("application/openmetrics-text;q=0.000, */*;q=0.1"));
  EXPECT_TRUE(open_metrics("application/openmetrics-text;q=0.001"));
}

TEST(NegotiateTest, TheClosestRangeCounts) {
  EXPECT_TRUE(open_metrics("text/plain;q=0.1, */*;q=0.5"));
  EXPECT_TRUE(open_metrics("text/*;q=0.2, application/*;q=0.3"));
  EXPECT_FALSE(open_metrics("application/openmetrics-text;q=0.1, */*"));
}

TEST(NegotiateTest, AnotherVersionIsAnotherType) {
  EXPECT_FALSE(open_metrics("application/openmetrics-text;version=0.0.1"));
  EXPECT_FALSE(open_metrics("application/openmetrics-text;version=2.0.0, */*;q=0.1"));
  EXPECT_TRUE(open_metrics("application/openmetrics-text;version=\"1.0.0\""));
}

TEST(NegotiateTest, SpacesAndCaseDoNotMatter) {
  EXPECT_TRUE(
      open_metrics("  Application/OpenMetrics-Text ; VERSION=1.0.0 ; Q=0.9 , text/plain;q=0.5"));
  EXPECT_TRUE(open_metrics("\tapplication/openmetrics-text\t"));
}

TEST(NegotiateTest, NonsenseIsTheTextFormat) {
  for (const std::string accept :
       {",", ";", ";;;,,,", "q=1", "application/openmetrics-text;q=", "=", "a;b=c;d",
        "application/openmetrics-text;q=2", "application/openmetrics-text;q=1x",
        "application/openmetrics-text;q=-1", "application/openmetrics-text;q=0.99999",
        "application/openmetrics-text;q=\"1", "application/openmetrics-textual", "*", "\"", "/"}) {
    EXPECT_FALSE(open_metrics(accept)) << accept;
  }
  EXPECT_FALSE(open_metrics(std::string(100'000, ',')));
}

TEST(NegotiateTest, ContentTypesNameTheVersion) {
  EXPECT_EQ(content_type_of(MetricFormat::kText), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(content_type_of(MetricFormat::kOpenMetrics),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

}  // namespace
}  // namespace sonde
