// SPDX-License-Identifier: Apache-2.0
// Over directories that look like hierarchies; what only the kernel does (removing a file that is
// open) is tests/bpf/window_charges_test.cc.
#include "agent/process/cgroup_meters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kNoHurry = ~std::uint64_t{0};

MATCHER_P2(Charge, cgroup, ns, "") {
  return arg.cgroup == cgroup && arg.ns == static_cast<std::uint64_t>(ns);
}

class CgroupMetersTest : public testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    const std::filesystem::path path = base_.path().string() + "/" + file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  void use(const std::string& cgroup, std::uint64_t usec) {
    write("cgroup" + cgroup + "/cpu.stat",
          "usage_usec " + std::to_string(usec) + "\nuser_usec 0\n");
  }
  std::uint64_t lost(ChargeLoss why) const {
    return meters_.lost().at(static_cast<std::size_t>(why));
  }

  TemporaryDirectory base_;
  CgroupLayout layout_{.v1_memory = false,
                       .mount = base_.path().string() + "/cgroup",
                       .cpu_mount = base_.path().string() + "/cgroup"};
  ProcReader proc_{base_.path().string() + "/proc"};
  CgroupMeters meters_{layout_, proc_};
};

TEST_F(CgroupMetersTest, EachIsTheDifferenceOfTwoReadings) {
  use("/b", 1'000);
  use("/a/deep", 50);
  meters_.watch("/b", {});
  meters_.watch("/a/deep", {});
  use("/b", 4'000);
  EXPECT_THAT(meters_.read(kNoHurry), ElementsAre(Charge("/a/deep", 0), Charge("/b", 3'000'000)));
  use("/a/deep", 51);
  EXPECT_THAT(meters_.read(kNoHurry), ElementsAre(Charge("/a/deep", 1'000), Charge("/b", 0)));
  EXPECT_THAT(meters_.lost(), testing::Each(0U));
}

TEST_F(CgroupMetersTest, OneThatGoesBackIsLeftOutAndCountedOnce) {
  use("/a", 1'000);
  meters_.watch("/a", {});
  use("/a", 10);
  EXPECT_THAT(meters_.read(kNoHurry), IsEmpty());
  EXPECT_EQ(lost(ChargeLoss::kCgroupBack), 1U);
  use("/a", 11);
  EXPECT_THAT(meters_.read(kNoHurry), ElementsAre(Charge("/a", 1'000)));
  EXPECT_EQ(lost(ChargeLoss::kCgroupBack), 1U);
}

TEST_F(CgroupMetersTest, WhatCannotBeReadIsLeftOutAndCounted) {
  write("cgroup/empty/cpu.stat", "");
  meters_.watch("/empty", {});
  std::filesystem::create_directories(layout_.mount + "/folder/cpu.stat");
  meters_.watch("/folder", {});
  std::filesystem::create_directories(layout_.mount + "/link");
  std::filesystem::create_symlink("/proc/self/status", layout_.mount + "/link/cpu.stat");
  meters_.watch("/link", {});
  use("/hostile", 5);
  meters_.watch("/hostile", {});
  write("cgroup/hostile/cpu.stat", std::string(4'000, 'x') + "\nusage_usec 7\n");
  EXPECT_THAT(meters_.read(kNoHurry), IsEmpty());
  EXPECT_EQ(lost(ChargeLoss::kCgroupUnreadable), 4U);
  meters_.watch("/never", {});
  EXPECT_EQ(lost(ChargeLoss::kCgroupGone), 1U);
  EXPECT_THAT(meters_.read(kNoHurry), IsEmpty());
}

TEST_F(CgroupMetersTest, PastTheLimitsTheyAreCountedAndTheRestGoesOn) {
  std::size_t made = 0;
  const auto more = [&](std::size_t count) {
    for (; count > 0; --count, ++made) {
      const std::string path = "/" + std::to_string(made);
      use(path, 1);
      meters_.watch(path, {});
    }
  };
  more(CgroupMeters::kMaxNew + 3);
  EXPECT_EQ(lost(ChargeLoss::kCgroupLimit), 3U);
  EXPECT_EQ(meters_.read(kNoHurry).size(), CgroupMeters::kMaxNew);
  while (meters_.read(kNoHurry).size() < CgroupMeters::kMaxCgroups) more(CgroupMeters::kMaxNew);
  more(5);
  EXPECT_EQ(lost(ChargeLoss::kCgroupLimit), 8U);
  EXPECT_EQ(meters_.read(kNoHurry).size(), CgroupMeters::kMaxCgroups);
}

TEST_F(CgroupMetersTest, OneThatNobodyWatchesAnyMoreIsGivenUp) {
  use("/a", 1);
  use("/b", 1);
  meters_.watch("/a", {});
  for (std::uint32_t i = 0; i < CgroupMeters::kMaxUnseen; ++i) {
    meters_.watch("/b", {});
    EXPECT_EQ(meters_.read(kNoHurry).size(), 2U) << i;
  }
  meters_.watch("/b", {});
  EXPECT_THAT(meters_.read(kNoHurry), ElementsAre(Charge("/b", 0)));
}

TEST_F(CgroupMetersTest, AReadingEndsInTime) {
  use("/a", 1);
  meters_.watch("/a", {});
  EXPECT_THAT(meters_.read(0), IsEmpty());
}

TEST_F(CgroupMetersTest, TheRootAndHostsWithoutAccountingHaveNone) {
  write("cgroup/cpu.stat", "usage_usec 1\n");
  meters_.watch("/", {});
  meters_.watch("", {});
  EXPECT_THAT(meters_.read(kNoHurry), IsEmpty());
  layout_.cpu_mount.clear();
  use("/a", 1);
  meters_.watch("/a", {});
  EXPECT_THAT(meters_.read(kNoHurry), IsEmpty());
  EXPECT_THAT(meters_.lost(), testing::Each(0U));
}

// Ids of the memory controller's hierarchy, accounting in another one.
class CgroupMetersOfV1Test : public CgroupMetersTest {
 protected:
  CgroupMetersOfV1Test() {
    layout_.v1_memory = true;
    layout_.cpu_v1 = true;
    layout_.cpu_mount = base_.path().string() + "/cpuacct";
  }
  void process(std::uint32_t tgid, const std::string& memory, const std::string& cpuacct) {
    write("proc/" + std::to_string(tgid) + "/cgroup",
          "4:memory:" + memory + "\n2:cpu,cpuacct:" + cpuacct + "\n0::/\n");
  }
};

TEST_F(CgroupMetersOfV1Test, ACgroupIsReadWhereAProcessOfItSaysSo) {
  process(11, "/a", "/a");
  write("cpuacct/a/cpuacct.usage", "100\n");
  const std::array<std::uint32_t, 2> tgids = {10, 11};  // the first is gone
  meters_.watch("/a", tgids);
  write("cpuacct/a/cpuacct.usage", "350\n");
  EXPECT_THAT(meters_.read(kNoHurry), ElementsAre(Charge("/a", 250)));
}

TEST_F(CgroupMetersOfV1Test, OneAtAnotherPathIsLeftOutAndAskedAgainLater) {
  process(11, "/a", "/");
  write("cpuacct/a/cpuacct.usage", "100\n");
  const std::array<std::uint32_t, 1> tgids = {11};
  for (std::uint32_t i = 0; i < CgroupMeters::kAskAgain; ++i) {
    meters_.watch("/a", tgids);
    EXPECT_THAT(meters_.read(kNoHurry), IsEmpty());
    EXPECT_EQ(lost(ChargeLoss::kCgroupElsewhere), 1U);
  }
  process(11, "/a", "/a");
  EXPECT_THAT(meters_.read(kNoHurry), IsEmpty());
  meters_.watch("/a", tgids);
  EXPECT_THAT(meters_.read(kNoHurry), ElementsAre(Charge("/a", 0)));
}

TEST_F(CgroupMetersOfV1Test, WithoutAProcessToAskItIsGone) {
  write("cpuacct/a/cpuacct.usage", "100\n");
  const std::array<std::uint32_t, 1> tgids = {11};
  meters_.watch("/a", tgids);
  EXPECT_EQ(lost(ChargeLoss::kCgroupGone), 1U);
  EXPECT_THAT(meters_.read(kNoHurry), IsEmpty());
}

}  // namespace
}  // namespace sonde
