// SPDX-License-Identifier: Apache-2.0
#include "tests/support/metrics_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> text(const std::string& page) {
  return check_metrics_page(page, MetricFormat::kText);
}
std::vector<std::string> open_metrics(const std::string& page) {
  return check_metrics_page(page, MetricFormat::kOpenMetrics);
}

const std::string kGauge = "# HELP a help\n# TYPE a gauge\n";
const std::string kCounter = "# HELP a_total help\n# TYPE a_total counter\n";
const std::string kHistogram = "# HELP h help\n# TYPE h histogram\n";
const std::string kBuckets = "h_bucket{le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 2\n";

TEST(MetricsCheckTest, CorrectPagesHaveNoFindings) {
  EXPECT_THAT(text(""), IsEmpty());
  EXPECT_THAT(text(kGauge + "a{x=\"\\\\ \\\" \\n\",y=\"\"} -1e-05\na{x=\"2\",y=\"}\"} NaN\n"),
              IsEmpty());
  EXPECT_THAT(text(kCounter + "a_total 0\n" + kHistogram + kBuckets + "h_sum 3\nh_count 2\n"),
              IsEmpty());
  EXPECT_THAT(open_metrics("# EOF\n"), IsEmpty());
  EXPECT_THAT(open_metrics("# HELP a_seconds help \\\"x\\\"\n# TYPE a_seconds counter\n"
                           "# UNIT a_seconds seconds\na_seconds_total 1.5\n"
                           "# HELP b help\n# TYPE b info\nb_info{v=\"1\"} 1\n# EOF\n"),
              IsEmpty());
}

TEST(MetricsCheckTest, WhatPromtoolOverlooksIsFound) {
  EXPECT_THAT(text(kGauge + "a 1\na 2\n"), Contains(HasSubstr("line 4: the series of a stands")));
  EXPECT_THAT(text(kGauge + "a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 2\n"),
              Contains(HasSubstr("stands twice")));
  EXPECT_THAT(text(kGauge + "a 1\n" + kCounter + "a_total 1\n" + kGauge + "a{x=\"1\"} 1\n"),
              Contains(HasSubstr("a is split")));
  EXPECT_THAT(text(kHistogram + "h_bucket{le=\"1.0\"} 1\nh_sum 1\nh_count 1\n"),
              Contains(HasSubstr("no bucket +Inf")));
  EXPECT_THAT(
      text(kHistogram + "h_bucket{le=\"1.0\"} 3\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n"),
      Contains(HasSubstr("not cumulative")));
  EXPECT_THAT(text(kHistogram + "h_bucket{le=\"2.0\"} 1\nh_bucket{le=\"1.0\"} 1\n"),
              Contains(HasSubstr("ascending")));
  EXPECT_THAT(text(kHistogram + kBuckets + "h_count 2\n"), Contains(HasSubstr("no _sum")));
  EXPECT_THAT(text(kHistogram + kBuckets + "h_sum 1\n"), Contains(HasSubstr("no _count")));
  EXPECT_THAT(text(kHistogram + kBuckets + "h_sum 1\nh_count 3\n"),
              Contains(HasSubstr("is not its bucket +Inf")));
  EXPECT_THAT(text(kHistogram + "h_bucket 1\n"), Contains(HasSubstr("a bucket without le")));
  EXPECT_THAT(text(kGauge + "a 1 1700000000\n"), Contains(HasSubstr("something behind it")));
}

TEST(MetricsCheckTest, DescriptionsAreCompleteAndInOrder) {
  EXPECT_THAT(text("a 1\n"), Contains(HasSubstr("a has no TYPE")));
  EXPECT_THAT(text("# TYPE a gauge\na 1\n"), Contains(HasSubstr("is not below its HELP")));
  EXPECT_THAT(text("# HELP a \n# TYPE a gauge\na 1\n"), Contains(HasSubstr("has no help")));
  EXPECT_THAT(text(kGauge), Contains(HasSubstr("a has no samples")));
  EXPECT_THAT(text("# HELP a help\n"), Contains(HasSubstr("a has no TYPE")));
  EXPECT_THAT(text(kGauge + "# TYPE a gauge\na 1\n"), Contains(HasSubstr("a second TYPE")));
  EXPECT_THAT(text("# HELP a h\n# TYPE a untyped\na 1\n"), Contains(HasSubstr("no type untyped")));
  EXPECT_THAT(text("# HELP a h\n# TYPE a counter\na 1\n"), Contains(HasSubstr("has no _total")));
  EXPECT_THAT(open_metrics("# HELP a_total h\n# TYPE a_total counter\na_total 1\n# EOF\n"),
              Contains(HasSubstr("has _total")));
  EXPECT_THAT(text("# HELP a_total h\n# TYPE a_total gauge\na_total 1\n"),
              Contains(HasSubstr("only counters end in _total")));
  EXPECT_THAT(text("# a comment that is none\n"), Contains(HasSubstr("is not below its HELP")));
  EXPECT_THAT(text("#\n"), Contains(HasSubstr("neither a sample")));
  EXPECT_THAT(text("\n"), Contains(HasSubstr("neither a sample")));
}

TEST(MetricsCheckTest, NamesLabelsAndValuesAreWellFormed) {
  EXPECT_THAT(text(kGauge + "b 1\n"), Contains(HasSubstr("b is no sample of a")));
  EXPECT_THAT(text(kGauge + "a:b 1\n"), Contains(HasSubstr("is no name of a metric")));
  EXPECT_THAT(text(kGauge + "a{1=\"x\"} 1\n"), Contains(HasSubstr("1 is no name of a label")));
  EXPECT_THAT(text(kGauge + "a{__x=\"x\"} 1\n"), Contains(HasSubstr("no name of a label")));
  EXPECT_THAT(text(kGauge + "a{x=\"1\",x=\"2\"} 1\n"), Contains(HasSubstr("label x stands twice")));
  EXPECT_THAT(text(kGauge + "a{x=\"\\t\"} 1\n"), Contains(HasSubstr("an escape")));
  EXPECT_THAT(text(kGauge + "a{x=\"1\"} 1\na{y=\"1\"} 1\n"), Contains(HasSubstr("differ in")));
  EXPECT_THAT(text(kGauge + "a{le=\"1\"} 1\n"), Contains(HasSubstr("only buckets have")));
  for (const char* bad :
       {"a{x=1} 1\n", "a{x=\"1} 1\n", "a{x=\"1\"}1\n", "a{x=\"1\"\n", "a{} 1\n"}) {
    EXPECT_THAT(text(kGauge + bad), Contains(HasSubstr("no sample"))) << bad;
  }
  for (const char* bad : {"a one\n", "a 1x\n", "a inf\n", "a  1\n", "a 0x1\n", "a \n"}) {
    EXPECT_THAT(text(kGauge + bad), Contains(HasSubstr("no number"))) << bad;
  }
  EXPECT_THAT(text(kCounter + "a_total -1\n"), Contains(HasSubstr("not negative")));
  EXPECT_THAT(text(kCounter + "a_total NaN\n"), Contains(HasSubstr("must be finite")));
  EXPECT_THAT(text(kGauge + "a 1"), Contains(HasSubstr("has no end")));
  EXPECT_THAT(text(kGauge + "a 1\r\n"), Contains(HasSubstr("a control character")));
  EXPECT_THAT(text(kGauge + "a{x=\"\xff\"} 1\n"), Contains(HasSubstr("not UTF-8")));
}

TEST(MetricsCheckTest, OpenMetricsEndsAndHasUnits) {
  EXPECT_THAT(open_metrics(""), Contains(HasSubstr("no # EOF")));
  EXPECT_THAT(open_metrics("# EOF\n# EOF\n"), Contains(HasSubstr("behind # EOF")));
  EXPECT_THAT(open_metrics("# HELP a h\n# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n"),
              Contains(HasSubstr("a does not end in seconds")));
  EXPECT_THAT(open_metrics("# HELP a h\n# TYPE a info\na_info 2\n# EOF\n"),
              Contains(HasSubstr("the value of info is 1")));
  EXPECT_THAT(open_metrics("# HELP a h \"x\"\n# TYPE a gauge\na 1\n# EOF\n"),
              Contains(HasSubstr("a quote without a backslash")));
  EXPECT_THAT(text("# HELP a_s h\n# TYPE a_s gauge\n# UNIT a_s s\na_s 1\n"),
              Contains(HasSubstr("a comment")));
  EXPECT_THAT(text("# EOF\n"), Contains(HasSubstr("a description of nothing")));
}

}  // namespace
}  // namespace sonde
