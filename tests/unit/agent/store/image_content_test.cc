// SPDX-License-Identifier: Apache-2.0
// Over real files: what makes them another content, and what does not.
#include "agent/store/image_content.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "core/base/fd.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

const std::string kHash(64, '1');

class ImageContentTest : public testing::Test {
 protected:
  ImageContentTest() { write("file", "some bytes"); }
  [[nodiscard]] std::string path(const std::string& name) const { return base_.path() / name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }
  [[nodiscard]] std::string content(const std::string& name,
                                    const std::string& hash = kHash) const {
    const UniqueFd file(::open(path(name).c_str(), O_RDONLY | O_CLOEXEC));
    FileInfo info;
    info.sha256 = hash;
    const auto made = image_content(file.get(), info);
    return made ? *made : made.error().message;
  }
  TemporaryDirectory base_;
};

TEST_F(ImageContentTest, IsSixtyFourHexDigitsAndStays) {
  const std::string first = content("file");
  EXPECT_EQ(first.size(), 64U);
  EXPECT_EQ(first.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(content("file"), first);
}

TEST_F(ImageContentTest, OtherUnwindTablesAreAnotherContent) {
  EXPECT_NE(content("file"), content("file", std::string(64, '2')));
}

TEST_F(ImageContentTest, ACopyIsAnotherContent) {
  std::filesystem::copy_file(path("file"), path("copy"));
  EXPECT_NE(content("file"), content("copy"));
}

TEST_F(ImageContentTest, AFileOfOldTimesIsAnotherContent) {
  const std::string before = content("file");
  const std::array<timespec, 2> times = {
      {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = 1, .tv_nsec = 0}}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path("file").c_str(), times.data(), 0), 0);
  const std::string old = content("file");
  EXPECT_NE(old, before);
  // The data's time can be set by its owner; that of the inode cannot.
  ASSERT_EQ(::chmod(path("file").c_str(), 0600), 0);
  ASSERT_EQ(::utimensat(AT_FDCWD, path("file").c_str(), times.data(), 0), 0);
  EXPECT_NE(content("file"), old);
}

TEST_F(ImageContentTest, AFileThatIsWrittenToIsAnotherContent) {
  const std::string before = content("file");
  write("file", "some bytes and more");
  EXPECT_NE(content("file"), before);
}

TEST_F(ImageContentTest, WhatIsNoFileOrHasNoHashIsRefused) {
  FileInfo info;
  const UniqueFd file(::open(path("file").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(image_content(file.get(), info).error().code, ErrorCode::kInvalidArgument);
  info.sha256 = kHash;
  const UniqueFd folder(::open(base_.path().c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(image_content(folder.get(), info).ok());
  EXPECT_FALSE(image_content(-1, info).ok());
}

}  // namespace
}  // namespace sonde
