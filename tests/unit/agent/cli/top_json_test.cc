// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_json.h"

#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"

namespace sonde {
namespace {

using test::ProfileBuilder;

TopWindow window_of(std::size_t processes) {
  ProfileBuilder b;
  for (std::size_t i = 0; i < processes; ++i) {
    b.add("p" + std::to_string(i) + ":" + std::to_string(i + 1), "main;work@/lib/libw.so", 2);
  }
  b.profile.meta.host = "web-7";
  b.profile.meta.duration_ns = 2'000'000'000;
  b.profile.meta.cpu_count = 4;
  b.profile.meta.rate_hz = 99;
  b.profile.meta.lost = {{"ring_full", 0}};
  b.profile.meta.cost.cpu_seconds = 0.02;
  TopWindow out{.profile = std::move(b.profile), .cgroups = {}, .own_pids = {4011}};
  out.cgroups.resize(processes);
  return out;
}

TEST(TopJsonTest, AWindowHasItsFiguresAndItsRows) {
  const Json json = top_json(window_of(1), TopBy::kProcess, TopSort::kCpu, true);
  EXPECT_EQ(json["host"], "web-7");
  EXPECT_EQ(json["cpus"], 4);
  EXPECT_EQ(json["samples"], 2);
  EXPECT_DOUBLE_EQ(json["busy_cores"], 0.01);
  EXPECT_EQ(json["lost"]["ring_full"], 0);
  EXPECT_DOUBLE_EQ(json["sonde"]["cpu_cores"], 0.01);
  ASSERT_EQ(json["rows"].size(), 1U);
  const Json& row = json["rows"][0];
  EXPECT_EQ(row["name"], "p0");
  EXPECT_EQ(row["pid"], 1);
  EXPECT_DOUBLE_EQ(row["cpu_cores"], 0.01);
  EXPECT_EQ(row["hottest"]["function"], "work");
  EXPECT_EQ(row["hottest"]["image"], "/lib/libw.so");
}

TEST(TopJsonTest, FunctionsHaveSelfAndTotal) {
  const Json json = top_json(window_of(1), TopBy::kFunction, TopSort::kSecond, true);
  EXPECT_EQ(json["by"], "function");
  ASSERT_EQ(json["rows"].size(), 2U);
  EXPECT_EQ(json["rows"][0]["process"], "p0");
  EXPECT_DOUBLE_EQ(json["rows"][0]["total_cores"], 0.01);
}

TEST(TopJsonTest, RowsAreBoundedAndTheRestIsSummed) {
  const Json json = top_json(window_of(kTopJsonRows + 3), TopBy::kProcess, TopSort::kCpu, true);
  EXPECT_EQ(json["rows"].size(), kTopJsonRows);
  EXPECT_EQ(json["others"]["rows"], 3);
  EXPECT_DOUBLE_EQ(json["others"]["cpu_cores"], 0.03);
}

}  // namespace
}  // namespace sonde
