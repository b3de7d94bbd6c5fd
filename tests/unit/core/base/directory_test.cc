// SPDX-License-Identifier: Apache-2.0
#include "core/base/directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace sonde {
namespace {

class DirectoryTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(base_); }

  std::filesystem::path base_ =
      std::filesystem::path(testing::TempDir()) / ("directory_" + std::to_string(::getpid()));
};

TEST_F(DirectoryTest, IsMadeWithItsParentsForThisUserAlone) {
  const auto fd = open_private_directory(base_ / "a" / "b");
  ASSERT_TRUE(fd.ok()) << fd.error().message;
  struct stat status {};
  ASSERT_EQ(::fstat(fd->get(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  EXPECT_TRUE(open_private_directory(base_ / "a" / "b").ok()) << "a second time";
}

TEST_F(DirectoryTest, OneThatOthersCanWriteIsRefused) {
  std::filesystem::create_directories(base_ / "open");
  ASSERT_EQ(::chmod((base_ / "open").c_str(), 0777), 0);
  const auto fd = open_private_directory(base_ / "open");
  ASSERT_FALSE(fd.ok());
  EXPECT_EQ(fd.error().code, ErrorCode::kPermissionDenied);
}

TEST_F(DirectoryTest, ALinkOrAFileIsNoDirectory) {
  std::filesystem::create_directories(base_ / "real");
  std::filesystem::create_directory_symlink(base_ / "real", base_ / "link");
  EXPECT_FALSE(open_private_directory(base_ / "link").ok());
  EXPECT_FALSE(open_private_directory("/proc/self/maps").ok());
  EXPECT_FALSE(open_private_directory("/proc/self/maps/below").ok());
}

TEST_F(DirectoryTest, OneThatWasRemovedIsMadeAgainButNotWithoutItsDisk) {
  PrivateDirectory directory(base_ / "disk" / "a");
  ASSERT_TRUE(directory.open().ok());
  std::filesystem::remove_all(base_ / "disk" / "a");
  ASSERT_TRUE(directory.open().ok());
  std::filesystem::remove_all(base_ / "disk");
  // What the disk was mounted over is of another file system.
  std::filesystem::create_directory_symlink("/dev", base_ / "disk");
  const auto fd = directory.open();
  ASSERT_FALSE(fd.ok());
  EXPECT_EQ(fd.error().code, ErrorCode::kUnavailable) << fd.error().message;
}

}  // namespace
}  // namespace sonde
