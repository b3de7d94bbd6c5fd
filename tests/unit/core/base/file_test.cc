// SPDX-License-Identifier: Apache-2.0
#include "core/base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

namespace sonde {
namespace {

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "sonde-file-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const char* name) const { return folder_ + "/" + name; }
  std::size_t files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_)) ++count;
    return count;
  }

 private:
  std::string folder_;
};

TEST_F(FileTest, WhatIsWrittenIsReadBack) {
  std::string bytes(200'000, 'x');
  bytes[7] = '\0';
  ASSERT_TRUE(write_file_atomically(path("a"), bytes));
  auto back = read_file(path("a"), bytes.size());
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, bytes);
}

TEST_F(FileTest, OneByteOverTheLimitIsAnErrorAndNeverACut) {
  ASSERT_TRUE(write_file_atomically(path("a"), "12345"));
  EXPECT_TRUE(read_file(path("a"), 5));
  auto cut = read_file(path("a"), 4);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::kOutOfRange);
  EXPECT_NE(cut.error().message.find(path("a")), std::string::npos);
}

TEST_F(FileTest, ProcFilesWithoutASizeAreReadToTheEnd) {
  auto maps = read_file("/proc/self/maps", std::size_t{16} << 20U);
  ASSERT_TRUE(maps);
  EXPECT_NE(maps->find("[stack]"), std::string::npos);
}

TEST_F(FileTest, AMissingFileIsNotFoundAndNamesThePath) {
  auto missing = read_file(path("none"), 10);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(missing.error().sys_errno, ENOENT);
  EXPECT_NE(missing.error().message.find(path("none")), std::string::npos);
}

TEST_F(FileTest, AFullDiskIsReportedByWriteAll) {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full);
  auto written = write_all(full.get(), "bytes");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(written.error().sys_errno, ENOSPC);
}

TEST_F(FileTest, AFailedReplacementKeepsTheOldFileAndLeavesNothingBeside) {
  ASSERT_TRUE(write_file_atomically(path("a"), "old"));
  // A limit on the file size makes the write of the new content fail half way.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 1000, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  auto written = write_file_atomically(path("a"), std::string(5000, 'n'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().sys_errno, EFBIG);
  EXPECT_EQ(*read_file(path("a"), 100), "old");
  EXPECT_EQ(files(), 1U);
}

TEST_F(FileTest, AMissingFolderIsAnErrorThatNamesTheTarget) {
  auto written = write_file_atomically(path("none/a"), "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kNotFound);
  EXPECT_NE(written.error().message.find(path("none/a")), std::string::npos);
}

TEST_F(FileTest, ANewFileHasThePermissionsOfTheUmask) {
  const mode_t before = ::umask(0027);
  auto written = write_file_atomically(path("a"), "x");
  ::umask(before);
  ASSERT_TRUE(written);
  struct stat info {};
  ASSERT_EQ(::stat(path("a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0640U);
}

TEST_F(FileTest, PreadFullStopsAtTheEndOfTheFile) {
  ASSERT_TRUE(write_file_atomically(path("a"), "0123456789"));
  const UniqueFd fd(::open(path("a").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(fd);
  std::vector<std::byte> buffer(8);
  EXPECT_EQ(*pread_full(fd.get(), buffer, 0), 8U);
  EXPECT_EQ(*pread_full(fd.get(), buffer, 7), 3U);
  EXPECT_EQ(buffer[0], std::byte{'7'});
  EXPECT_EQ(*pread_full(fd.get(), buffer, 11), 0U);
}

}  // namespace
}  // namespace sonde
