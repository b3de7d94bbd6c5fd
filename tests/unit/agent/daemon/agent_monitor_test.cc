// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/agent_monitor.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sonde {
namespace {

ProfileMeta window_with(std::uint64_t emitted, std::uint64_t missed) {
  ProfileMeta meta;
  meta.begin_ns = 100'000'000'000;
  meta.duration_ns = 10'000'000'000;
  meta.ticks.emitted = emitted;
  meta.ticks.missed = missed;
  meta.lost = {{"missed", missed}, {"stack_limit", 2}};
  meta.cost.cpu_seconds = 0.1;
  return meta;
}

double value_of(const MetricBatch& batch, const std::string& family, const std::string& label) {
  for (const MetricFamily& one : batch.families()) {
    if (one.name != family) continue;
    for (const MetricPoint& point : one.points) {
      const bool found = std::ranges::any_of(
          point.labels, [&](const MetricLabel& known) { return known.value == label; });
      if (found) return point.value;
    }
  }
  return -1;
}

TEST(AgentMonitorTest, BooksAddUpOverWindows) {
  AgentMonitor monitor;
  monitor.window_ended(window_with(100, 3), {});
  monitor.window_ended(window_with(50, 1), {});
  MetricBatch batch;
  monitor.add_metrics(batch);
  EXPECT_EQ(value_of(batch, "sonde_ticks", "emitted"), 150);
  EXPECT_EQ(value_of(batch, "sonde_lost", "missed"), 4);
  EXPECT_EQ(value_of(batch, "sonde_lost", "stack_limit"), 4);
}

TEST(AgentMonitorTest, IsReadyOnceAClockTicked) {
  AgentMonitor monitor;
  EXPECT_FALSE(monitor.readiness().ready);
  monitor.progressed({.samples = 0, .lost = 0, .ticks = 0});
  EXPECT_FALSE(monitor.readiness().ready) << "no tick yet";
  monitor.progressed({.samples = 0, .lost = 0, .ticks = 1});
  EXPECT_TRUE(monitor.readiness().ready) << "an idle node is ready";
}

TEST(AgentMonitorTest, LimitsOfASessionAreDegradedPartsWithTheirFix) {
  AgentMonitor monitor;
  SessionCapabilities capabilities;
  capabilities.limits = {"kernel functions have no names: EPERM (fix: run as root)", "words"};
  monitor.session_started(capabilities, 19, 10'000'000'000);
  const AgentFacts facts = monitor.facts();
  ASSERT_EQ(facts.degraded.size(), 2U);
  EXPECT_EQ(facts.degraded[0].error, "kernel functions have no names: EPERM");
  EXPECT_EQ(facts.degraded[0].fix, "run as root");
  EXPECT_EQ(facts.degraded[1].fix, "");
  EXPECT_EQ(facts.rate_hz, 19U);
}

TEST(AgentMonitorTest, CpusAreThoseThatTheLastWindowHad) {
  AgentMonitor monitor;
  EXPECT_GE(monitor.facts().cpu_count, 1U);
  EXPECT_LT(monitor.facts().cpu_count, 1U << 20U);
  ProfileMeta window = window_with(1, 0);
  monitor.window_ended(window, {});
  EXPECT_GE(monitor.facts().cpu_count, 1U) << "that one does not say";
  window.cpu_count = 12'345;
  monitor.window_ended(window, {});
  EXPECT_EQ(monitor.facts().cpu_count, 12'345U);
}

}  // namespace
}  // namespace sonde
