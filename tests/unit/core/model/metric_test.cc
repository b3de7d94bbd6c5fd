// SPDX-License-Identifier: Apache-2.0
#include "core/model/metric.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace sonde {
namespace {

using ::testing::ElementsAre;

TEST(MetricHistogramTest, ABoundBelongsToItsBucket) {
  MetricHistogram histogram{.bounds = {1, 2}, .counts = {}};
  for (const double value : {0.5, 1.0, 1.5, 2.0, 2.5, std::numeric_limits<double>::infinity()}) {
    histogram.observe(value);
  }
  EXPECT_THAT(histogram.counts, ElementsAre(2U, 2U, 2U));
  MetricHistogram without_bounds;
  without_bounds.observe(3);
  without_bounds.observe(-1);
  EXPECT_THAT(without_bounds.counts, ElementsAre(2U));
  EXPECT_EQ(without_bounds.sum, 2);
}

TEST(MetricBatchTest, SeveralSourcesAddToOneFamily) {
  MetricBatch batch;
  MetricFamily& first = batch.family(MetricKind::kCounter, "lost", "", "Lost.");
  first.add({{"stage", "kernel"}}, 1);
  for (int i = 0; i < 100; ++i) {
    batch.family(MetricKind::kGauge, "other" + std::to_string(i), "", "Other.").add(i);
  }
  batch.family(MetricKind::kCounter, "lost", "", "ignored").add({{"stage", "user"}}, 2);
  ASSERT_EQ(batch.families().size(), 101U);
  EXPECT_EQ(&batch.families().front(), &first);
  EXPECT_EQ(first.points.size(), 2U);
  EXPECT_EQ(first.help, "Lost.");
}

}  // namespace
}  // namespace sonde
