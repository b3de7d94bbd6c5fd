// SPDX-License-Identifier: Apache-2.0
#include "core/base/foreign_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "tests/support/require.h"
#include "tests/support/stuck_file_system.h"

namespace sonde {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(ForeignFileTest, NoDescriptorIsNoFile) { EXPECT_EQ(adopt_foreign(UniqueFd{}), nullptr); }

TEST(ForeignFileTest, TheLastOwnerClosesIt) {
  ForeignFile file = adopt_foreign(UniqueFd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)));
  ASSERT_TRUE(file);
  const int number = file->get();
  ForeignFile other = file;
  file.reset();
  EXPECT_TRUE(is_open(number));
  other.reset();
  EXPECT_FALSE(is_open(number));
}

TEST(ForeignFileTest, ClosingDoesNotWaitForAServer) {
  SONDE_NEED_ROOT();  // to mount
  StuckFileSystem files(testing::TempDir() + "foreign_" + std::to_string(::getpid()), "file",
                        "text");
  ASSERT_TRUE(files.is_mounted());
  ForeignFile file = adopt_foreign(UniqueFd(::open(files.file().c_str(), O_RDONLY | O_CLOEXEC)));
  ASSERT_TRUE(file);
  files.stop_answering();
  file.reset();  // returns; the server is gone when the test ends
}

}  // namespace
}  // namespace sonde
