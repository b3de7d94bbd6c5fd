// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_table.h"

#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"

namespace sonde {
namespace {

using test::ProfileBuilder;

TopWindow window_of(ProfileBuilder builder) {
  ProfileMeta& meta = builder.profile.meta;
  meta.duration_ns = 2'000'000'000;
  meta.cpu_count = 2;
  meta.rate_hz = 100;
  TopWindow out{.profile = std::move(builder.profile), .cgroups = {}, .own_pids = {4011, 4012}};
  out.cgroups.resize(out.profile.processes.size());
  return out;
}

TopWindow busy() {
  ProfileBuilder b;
  b.add("postgres:7", "main;ExecScan", 30)
      .add("postgres:5", "main;read@/lib/libc.so.6;vfs_read@[kernel.kallsyms]", 10)
      .add("postgres:6", "main;ExecScan", 5, SONDE_STOP_NO_ROW)
      .add("node:9", "main;tick@[jit]", 20)
      .add("kworker/0:1:3", "worker@[kernel.kallsyms]", 4)
      .add("sonde:4011", "main", 3)
      .add("sonde-worker:4012", "main", 2);
  return window_of(std::move(b));
}

std::vector<TopRow> sorted(const TopWindow& window, TopBy by, TopSort sort, bool kernel = true) {
  std::vector<TopRow> rows = top_rows(window, by, kernel);
  sort_rows(rows, sort);
  return rows;
}

std::vector<std::string> names(const std::vector<TopRow>& rows) {
  std::vector<std::string> out;
  for (const TopRow& row : rows) out.push_back(row.name);
  return out;
}

using Names = std::vector<std::string>;

TEST(TopTableTest, ProcessesOfANameAreOneRow) {
  const auto rows = sorted(busy(), TopBy::kProcess, TopSort::kCpu);
  EXPECT_EQ(names(rows), (Names{"postgres", "node", "kworker/0:1"}));
  const TopRow& postgres = rows[0];
  EXPECT_EQ(postgres.pid, 5U);
  EXPECT_EQ(postgres.processes, 3U);
  EXPECT_EQ(postgres.cpu_ns, 450'000'000U);
  EXPECT_EQ(postgres.second_ns, 100'000'000U);
  EXPECT_EQ(postgres.samples, 45U);
  EXPECT_EQ(postgres.whole, 40U);
  EXPECT_EQ(postgres.hottest, "ExecScan");
  EXPECT_EQ(postgres.hottest_ns, 350'000'000U);
}

TEST(TopTableTest, SondeIsNoRowButTheOneOfItsCost) {
  TopWindow window = busy();
  window.profile.meta.cost = {.cpu_seconds = 0.04, .bpf_seconds = 0.01};
  const TopRow own = own_row(window);
  EXPECT_EQ(own.name, "sonde");
  EXPECT_EQ(own.pid, 4011U);
  EXPECT_EQ(own.cpu_ns, 50'000'000U);
}

TEST(TopTableTest, RowsAreSortedByAnyColumn) {
  EXPECT_EQ(names(sorted(busy(), TopBy::kProcess, TopSort::kSecond)),
            (Names{"postgres", "kworker/0:1", "node"}));
  EXPECT_EQ(names(sorted(busy(), TopBy::kProcess, TopSort::kName)),
            (Names{"kworker/0:1", "node", "postgres"}));
}

TEST(TopTableTest, WithoutTheKernelItsTimeIsTheCallers) {
  const auto rows = sorted(busy(), TopBy::kProcess, TopSort::kCpu, false);
  EXPECT_EQ(names(rows), (Names{"postgres", "node"})) << "no kernel threads";
  EXPECT_EQ(rows[0].cpu_ns, 450'000'000U);
  EXPECT_EQ(rows[0].second_ns, 0U);
  const auto functions = sorted(busy(), TopBy::kFunction, TopSort::kCpu, false);
  EXPECT_EQ(names(functions), (Names{"ExecScan", "tick", "read", "main", "main"}));
  EXPECT_EQ(functions[2].cpu_ns, 100'000'000U);
}

TEST(TopTableTest, FunctionsKnowTheirProcess) {
  const auto rows = sorted(busy(), TopBy::kFunction, TopSort::kCpu);
  EXPECT_EQ(rows[0].name, "ExecScan");
  EXPECT_EQ(rows[0].hottest, "postgres");
  EXPECT_EQ(rows[0].cpu_ns, 350'000'000U);
  const auto by_total = sorted(busy(), TopBy::kFunction, TopSort::kSecond);
  EXPECT_EQ(by_total[0].name, "main");
  EXPECT_EQ(by_total[0].second_ns, 450'000'000U);
}

TEST(TopTableTest, CgroupsComeFromTheLabels) {
  ProfileBuilder b;
  b.add("nginx:1", "main", 4).add("nginx:2", "main", 2).add("cron:3", "main", 1);
  ClosedWindow closed;
  closed.targets = {{{"process", "nginx"}, {"cgroup", "/web.slice"}}, {{"process", "cron"}}};
  closed.target_of_process = {0, 0, 1};
  const TopWindow window = make_top_window(std::move(b.profile), closed);
  const auto rows = sorted(window, TopBy::kCgroup, TopSort::kCpu);
  EXPECT_EQ(names(rows), (Names{"/web.slice", "(not known)"}));
  EXPECT_EQ(rows[0].processes, 2U);
}

TEST(TopTableTest, OneRowHasTheStacksOfItsProcesses) {
  const SymbolizedProfile postgres = only_row(busy(), TopBy::kProcess, "postgres", true);
  EXPECT_EQ(postgres.stacks.size(), 3U);
  EXPECT_EQ(only_row(busy(), TopBy::kProcess, "sonde", true).stacks.size(), 0U);
}

TEST(TopTableTest, CapitalsCountOnlyIfTheyAreAskedFor) {
  EXPECT_TRUE(finds("", "anything"));
  EXPECT_TRUE(finds("exec", "ExecScan"));
  EXPECT_TRUE(finds("Exec", "ExecScan"));
  EXPECT_FALSE(finds("eXec", "ExecScan"));
  EXPECT_FALSE(finds("execs_", "ExecScan"));
}

TEST(TopTableTest, BusyCoresCountWhatWasLostOnItsWay) {
  TopWindow window = busy();
  EXPECT_DOUBLE_EQ(busy_cores(window.profile), 0.37);  // 74 samples of 10 ms in 2 s
  window.profile.meta.lost = {{"ring_full", 26}, {"missed", 50}};
  EXPECT_DOUBLE_EQ(busy_cores(window.profile), 0.5);
  window.profile.meta.lost = {{"ring_full", 100'000}};
  EXPECT_DOUBLE_EQ(busy_cores(window.profile), 2.0) << "never more than there are";
}

TEST(TopTableTest, AWindowWithoutSamplesHasNoRows) {
  const TopWindow window = window_of({});
  for (const TopBy by : {TopBy::kProcess, TopBy::kCgroup, TopBy::kFunction}) {
    EXPECT_TRUE(top_rows(window, by, true).empty());
  }
  EXPECT_EQ(busy_cores(window.profile), 0.0);
}

}  // namespace
}  // namespace sonde
