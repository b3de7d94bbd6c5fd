// SPDX-License-Identifier: Apache-2.0
#include "agent/process/cgroup_layout.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace sonde {
namespace {

TEST(CgroupLayoutTest, PureV2UsesTheUnifiedHierarchy) {
  const auto layout =
      parse_cgroup_layout("proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n");
  EXPECT_FALSE(layout.v1_memory);
  EXPECT_EQ(layout.mount, "/sys/fs/cgroup");
  EXPECT_EQ(layout.cpu_mount, "/sys/fs/cgroup");
  EXPECT_STREQ(layout.cpu_file(), "cpu.stat");
}

TEST(CgroupLayoutTest, AHybridHostUsesTheMemoryController) {
  const auto layout = parse_cgroup_layout(
      "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"
      "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu,cpuacct 0 0\n"
      "cgroup /sys/fs/cgroup/memory cgroup rw,nosuid,memory 0 0\n");
  EXPECT_TRUE(layout.v1_memory);
  EXPECT_EQ(layout.mount, "/sys/fs/cgroup/memory");
  EXPECT_EQ(layout.cpu_mount, "/sys/fs/cgroup/cpu");
  EXPECT_STREQ(layout.cpu_file(), "cpuacct.usage");
}

TEST(CgroupLayoutTest, CpuIsAccountedInTheUnifiedHierarchyWhereV1DoesNot) {
  const auto layout = parse_cgroup_layout(
      "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n"
      "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n");
  EXPECT_EQ(layout.mount, "/sys/fs/cgroup/memory");
  EXPECT_EQ(layout.cpu_mount, "/sys/fs/cgroup/unified");
  EXPECT_STREQ(layout.cpu_file(), "cpu.stat");
  EXPECT_EQ(parse_cgroup_layout("cgroup /m cgroup rw,memory 0 0\n").cpu_mount, "");
}

TEST(CgroupLayoutTest, NoHierarchyIsStatedAndNotGuessed) {
  const auto layout = parse_cgroup_layout("proc /proc proc rw 0 0");
  EXPECT_EQ(layout.mount, "");
  EXPECT_FALSE(cgroup_id_of(layout, "/x").ok());
}

TEST(CgroupLayoutTest, TheIdIsTheInodeAndBothPathFormsWork) {
  const CgroupLayout layout{.v1_memory = false, .mount = "/tmp"};
  struct stat info {};
  ASSERT_EQ(::stat("/tmp", &info), 0);
  EXPECT_EQ(cgroup_id_of(layout, "/").value(), info.st_ino);
  EXPECT_EQ(cgroup_id_of(layout, "/tmp").value(), info.st_ino);
  EXPECT_FALSE(cgroup_id_of(layout, "no/such/group").ok());
}

}  // namespace
}  // namespace sonde
