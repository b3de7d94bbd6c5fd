// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/own_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <map>
#include <string>

#include "core/base/fd.h"
#include "exporters/prometheus/encode.h"
#include "tests/support/metrics_check.h"

namespace sonde {
namespace {

using ::testing::IsEmpty;

std::map<std::string, double> own() {
  MetricBatch batch;
  add_own_process_metrics(batch);
  for (const MetricFormat format : {MetricFormat::kText, MetricFormat::kOpenMetrics}) {
    EXPECT_THAT(check_metrics_page(encode_metrics(batch, format), format), IsEmpty());
  }
  std::map<std::string, double> out;
  for (const MetricFamily& family : batch.families()) {
    out[family.name] = family.points.at(0).value;
  }
  return out;
}

TEST(OwnProcessTest, TheValuesAreThoseOfThisProcess) {
  const std::map<std::string, double> before = own();
  ASSERT_EQ(before.size(), 7U);
  EXPECT_NEAR(before.at("process_start_time_seconds"), static_cast<double>(std::time(nullptr)),
              3600);
  EXPECT_GT(before.at("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(before.at("process_virtual_memory_bytes"), before.at("process_resident_memory_bytes"));
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_EQ(before.at("process_max_fds"), static_cast<double>(limit.rlim_cur));
  const UniqueFd one(::dup(0));
  const UniqueFd two(::dup(0));
  EXPECT_EQ(own().at("process_open_fds"), before.at("process_open_fds") + 2);
}

TEST(OwnProcessTest, TheCpuTimeIsThatOfRusage) {
  rusage usage{};
  volatile std::uint64_t turns = 0;
  do {
    for (int i = 0; i < 100'000; ++i) turns = turns + 1;
    ::getrusage(RUSAGE_SELF, &usage);
  } while (usage.ru_utime.tv_sec == 0 && usage.ru_utime.tv_usec < 100'000);
  const double seconds =
      static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
      static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
  EXPECT_NEAR(own().at("process_cpu_seconds"), seconds, 0.05);
}

}  // namespace
}  // namespace sonde
