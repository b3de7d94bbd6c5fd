// SPDX-License-Identifier: Apache-2.0
#include "agent/process/cpu_usage.h"

#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

TEST(CpuUsageTest, ACgroupOfV2IsInMicroseconds) {
  const auto ns = parse_cpu_stat(
      "usage_usec 57992063708\nuser_usec 50588357666\nsystem_usec 7403706042\nnice_usec 1\n");
  ASSERT_TRUE(ns.ok()) << ns.error().message;
  EXPECT_EQ(*ns, 57'992'063'708'000U);
  EXPECT_EQ(parse_cpu_stat("nr_periods 7\nusage_usec 0\n").value(), 0U);
}

TEST(CpuUsageTest, ACgroupOfV1IsInNanoseconds) {
  EXPECT_EQ(parse_cpuacct_usage("58056101996895\n").value(), 58'056'101'996'895U);
  EXPECT_EQ(parse_cpuacct_usage("18446744073709551615\n").value(), ~0ULL);
}

TEST(CpuUsageTest, TheHostHasUserNiceSystemAndInterrupts) {
  const auto ns = parse_host_usage(
      "cpu  3793325 1265510 725605 551038 6487 3 14765 19677 900 5\ncpu0 1 2 3 4 5 6 7 8 9 10\n");
  ASSERT_TRUE(ns.ok());
  EXPECT_EQ(*ns, (3'793'325ULL + 1'265'510 + 725'605 + 3 + 14'765) * 10'000'000);
  EXPECT_EQ(parse_host_usage("cpu 1 0 0 0 0 0 0\n").value(), 10'000'000U) << "no more fields";
}

TEST(CpuUsageTest, WhatIsNoNumberIsAnError) {
  for (const char* text :
       {"", "\n", "usage_usec", "usage_usec \n", "usage_usec -1\n", "usage_usec 1x\n",
        "usage_usec 12", "usage_usec  1\n", "xusage_usec 1\n", "usage_usec 18446744073709552\n",
        "usage_usec 99999999999999999999999\nusage_usec 1\n"}) {
    EXPECT_EQ(parse_cpu_stat(text).error().code, ErrorCode::kDataLoss) << text;
  }
  for (const char* text : {"", "\n", "1", "-1\n", "1 2\n", "0x1\n", "18446744073709551616\n"}) {
    EXPECT_EQ(parse_cpuacct_usage(text).error().code, ErrorCode::kDataLoss) << text;
  }
  for (const char* text :
       {"", "cpu", "cpu \n", "cpu  1 2 3 4 5 6\n", "cpu  1 2 3 4 5 6 7", "cpu0 1 2 3 4 5 6 7\n",
        "cpu  1 2 3 4 5 6 x\n", "cpu  1844674407370955161 1 0 0 0 0 0\n",
        "cpu  1844674407370 1844674407370 0 0 0 0 1844674407370\n"}) {
    EXPECT_EQ(parse_host_usage(text).error().code, ErrorCode::kDataLoss) << text;
  }
}

constexpr std::string_view kHybrid =
    "9:name=systemd:/\n4:memory:/docker/a:b,c\n2:cpu,cpuacct:/docker/x\n0::/unified\n";

TEST(CpuUsageTest, AProcessIsFoundInTheHierarchyOfAController) {
  EXPECT_EQ(cgroup_path_in(kHybrid, "memory"), "/docker/a:b,c") << "colons belong to the name";
  EXPECT_EQ(cgroup_path_in(kHybrid, "cpuacct"), "/docker/x");
  EXPECT_EQ(cgroup_path_in(kHybrid, "cpu"), "/docker/x");
  EXPECT_EQ(cgroup_path_in(kHybrid, ""), "/unified");
  EXPECT_EQ(cgroup_path_in(kHybrid, "acct"), std::nullopt);
  EXPECT_EQ(cgroup_path_in(kHybrid, "pids"), std::nullopt);
}

TEST(CpuUsageTest, LinesThatMakeNoSenseArePassedOver) {
  EXPECT_EQ(cgroup_path_in("", ""), std::nullopt);
  EXPECT_EQ(cgroup_path_in("0::", ""), std::nullopt);
  EXPECT_EQ(cgroup_path_in("1::/x\n0:memory:/y\n0:/z\n::\n", ""), std::nullopt);
  EXPECT_EQ(cgroup_path_in("memory:/x\n4:memory:x\n4:memory:/y", "memory"), "/y");
}

}  // namespace
}  // namespace sonde
