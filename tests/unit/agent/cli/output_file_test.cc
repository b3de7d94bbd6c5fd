// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "core/base/file.h"

namespace sonde {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class OutputFileTest : public ::testing::Test {
 protected:
  OutputFileTest() {
    char pattern[] = "/tmp/sonde-output-XXXXXX";
    dir_ = ::mkdtemp(pattern);
  }
  ~OutputFileTest() override { fs::remove_all(dir_); }

  [[nodiscard]] std::string path(const std::string& name) const { return dir_ + "/" + name; }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(dir_), fs::directory_iterator()));
  }

  std::string dir_;
};

TEST_F(OutputFileTest, TheFileAppearsOnlyWhenItIsWhole) {
  auto file = OutputFile::open(path("cpu.svg"));
  ASSERT_TRUE(file);
  EXPECT_FALSE(fs::exists(path("cpu.svg")));
  ASSERT_TRUE(file->commit("bytes"));
  EXPECT_EQ(*read_file(path("cpu.svg"), 100), "bytes");
  EXPECT_EQ(files(), 1U);
}

TEST_F(OutputFileTest, WhatIsNotCommittedLeavesNothingBehindAndTheOldFileAlone) {
  ASSERT_TRUE(write_file_atomically(path("cpu.svg"), "old"));
  { ASSERT_TRUE(OutputFile::open(path("cpu.svg"))); }
  EXPECT_EQ(*read_file(path("cpu.svg"), 100), "old");
  EXPECT_EQ(files(), 1U);
}

TEST_F(OutputFileTest, AReplacedFileKeepsItsMode) {
  ASSERT_TRUE(write_file_atomically(path("cpu.svg"), "old"));
  ASSERT_EQ(::chmod(path("cpu.svg").c_str(), 0640), 0);
  auto file = OutputFile::open(path("cpu.svg"));
  ASSERT_TRUE(file->commit("new"));
  struct stat info {};
  ASSERT_EQ(::stat(path("cpu.svg").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640U);
}

TEST_F(OutputFileTest, ASymbolicLinkIsFollowed) {
  ASSERT_TRUE(write_file_atomically(path("real.svg"), "old"));
  fs::create_symlink("real.svg", path("link.svg"));
  ASSERT_TRUE(OutputFile::open(path("link.svg"))->commit("new"));
  EXPECT_TRUE(fs::is_symlink(path("link.svg")));
  EXPECT_EQ(*read_file(path("real.svg"), 100), "new");
}

TEST_F(OutputFileTest, AMissingDirectoryIsToldBeforeAnythingIsRecorded) {
  const auto file = OutputFile::open(path("missing/cpu.svg"));
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr("mkdir -p " + dir_ + "/missing/"));
}

TEST_F(OutputFileTest, ADirectoryIsNoFile) {
  EXPECT_THAT(OutputFile::open(dir_).error().message, HasSubstr("it is a directory"));
}

TEST_F(OutputFileTest, ADeviceIsWrittenToAndNeverReplaced) {
  auto null = OutputFile::open("/dev/null");
  ASSERT_TRUE(null);
  EXPECT_TRUE(null->temporary().empty());
  EXPECT_TRUE(null->commit("bytes"));
  struct stat info {};
  ASSERT_EQ(::stat("/dev/null", &info), 0);
  EXPECT_TRUE(S_ISCHR(info.st_mode));
}

TEST_F(OutputFileTest, AFullDiskNamesTheFileAndTheBytesNeeded) {
  auto full = OutputFile::open("/dev/full");
  ASSERT_TRUE(full);
  const auto written = full->commit(std::string(188'416, 'x'));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kResourceExhausted);
  EXPECT_THAT(written.error().message, HasSubstr("/dev/full: it needs 184 KiB (188,416 bytes)"));
}

}  // namespace
}  // namespace sonde
