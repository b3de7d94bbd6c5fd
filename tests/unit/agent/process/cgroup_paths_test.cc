// SPDX-License-Identifier: Apache-2.0
// Over a directory tree: a cgroup's id is its directory's inode, in every hierarchy.
#include "agent/process/cgroup_paths.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

constexpr std::uint64_t kSecond = CgroupPaths::kBetweenLooksNs;

class CgroupPathsTest : public testing::Test {
 protected:
  std::uint64_t make(const std::string& path) {
    const std::string directory = layout_.mount + path;
    std::filesystem::create_directories(directory);
    struct stat about {};
    EXPECT_EQ(::stat(directory.c_str(), &about), 0);
    return about.st_ino;
  }

  TemporaryDirectory base_;
  CgroupLayout layout_{.v1_memory = false, .mount = base_.path()};
  CgroupPaths paths_{layout_};
};

TEST_F(CgroupPathsTest, FindsThemByIdAtAnyDepth) {
  const std::uint64_t root = make("");
  const std::uint64_t deep = make("/system.slice/ssh.service");
  EXPECT_EQ(paths_.path_of(root, kSecond), "/");
  EXPECT_EQ(paths_.path_of(deep, kSecond), "/system.slice/ssh.service");
}

TEST_F(CgroupPathsTest, NewOnesAreLookedForOnceASecondAndOldOnesStayKnown) {
  const std::uint64_t first = make("/first");
  EXPECT_EQ(paths_.path_of(first, 10 * kSecond), "/first");
  const std::uint64_t second = make("/second");
  EXPECT_EQ(paths_.path_of(second, 10 * kSecond + 1), "");
  EXPECT_EQ(paths_.path_of(second, 11 * kSecond), "/second");
  std::filesystem::remove(layout_.mount + "/first");
  EXPECT_EQ(paths_.path_of(first, 20 * kSecond), "/first");
}

TEST_F(CgroupPathsTest, WhatIsNoCgroupHasNoPath) {
  EXPECT_EQ(paths_.path_of(0, kSecond), "");
  EXPECT_EQ(paths_.path_of(~0ULL, kSecond), "");
}

}  // namespace
}  // namespace sonde
