// SPDX-License-Identifier: Apache-2.0
#include "agent/process/image_registry.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "core/base/clock.h"
#include "tests/support/require.h"
#include "tests/support/stuck_file_system.h"

namespace sonde {
namespace {

ImageRegistry::Sight sight_of(const std::string& path, std::uint64_t inode) {
  return {.pid = static_cast<std::uint32_t>(::getpid()),
          .begin = 0x1000,
          .end = 0x2000,
          .device_major = 8,
          .device_minor = 1,
          .inode = inode,
          .path = path};
}

TEST(ImageRegistryTest, OneFileIsOneImageHoweverOftenItIsSeen) {
  const ProcReader proc;
  ImageRegistry images(proc, UniqueFd{});
  const ImageId first = images.intern(sight_of("/a", 1));
  EXPECT_EQ(images.intern(sight_of("/other/name/of/a", 1)), first);
  EXPECT_NE(images.intern(sight_of("/a", 2)), first);
  EXPECT_EQ(images.at(first).path, "/a");
}

TEST(ImageRegistryTest, AReleasedNumberIsGivenToAnotherFileOnlyLater) {
  const ProcReader proc;
  ImageRegistry images(proc, UniqueFd{});
  const ImageId first = images.intern(sight_of("/a", 1));
  const ImageId second = images.intern(sight_of("/b", 2));
  EXPECT_EQ(images.in_use(), 2U);
  images.release(first, monotonic_ns());
  EXPECT_EQ(images.in_use(), 1U);
  EXPECT_EQ(images.at(first).path, "");
  const ImageId again = images.intern(sight_of("/a", 1));
  EXPECT_NE(again, first) << "a sample may still name it";
  EXPECT_EQ(images.at(again).path, "/a");
  images.release(second, 0);  // behind the one that may not be used again yet
  EXPECT_NE(images.intern(sight_of("/c", 3)), second);
  ImageRegistry later(proc, UniqueFd{});
  const ImageId old = later.intern(sight_of("/a", 1));
  later.release(old, 0);  // long ago
  EXPECT_EQ(later.intern(sight_of("/d", 4)), old);
  EXPECT_EQ(later.at(old).path, "/d");
}

TEST(ImageRegistryTest, AFileThatCannotBeOpenedIsCountedAndTriedAgain) {
  const ProcReader proc;
  ImageRegistry images(proc, UniqueFd{});
  const ImageId image = images.intern(sight_of("/no/such/file", 1));
  EXPECT_FALSE(images.at(image).fd);
  EXPECT_NE(images.at(image).problem, "");
  EXPECT_EQ(images.open_failures(), 1U);
  images.intern(sight_of("/no/such/file", 1));
  EXPECT_EQ(images.open_failures(), 2U);
}

TEST(ImageRegistryTest, TheFileOfAProcessThatIsGoneIsOpenedIfItIsTheSame) {
  struct stat info {};
  ASSERT_EQ(::stat("/proc/self/exe", &info), 0);
  const std::string path = std::filesystem::read_symlink("/proc/self/exe").string();
  const ProcReader proc;
  ImageRegistry images(proc, UniqueFd{});
  ImageRegistry::Sight sight = sight_of(path, info.st_ino);
  sight.pid = 0x7ffffff0;
  EXPECT_FALSE(images.at(images.intern(sight)).fd);  // another device
  sight.device_major = major(info.st_dev);
  sight.device_minor = minor(info.st_dev);
  EXPECT_TRUE(images.at(images.intern(sight)).fd);
  sight.inode += 1;
  EXPECT_FALSE(images.at(images.intern(sight)).fd);
}

// images_stuck
TEST(ImageRegistryTest, AFileSystemThatDoesNotAnswerHoldsNothingUp) {
  SONDE_NEED_ROOT();  // to mount
  StuckFileSystem files(testing::TempDir() + "image_" + std::to_string(::getpid()), "program",
                        "\177ELF");
  ASSERT_TRUE(files.is_mounted());
  struct stat info {};
  ASSERT_EQ(::stat(files.file().c_str(), &info), 0);
  ImageRegistry::Sight sight = sight_of(files.file(), info.st_ino);
  sight.device_major = major(info.st_dev);
  sight.device_minor = minor(info.st_dev);
  const ProcReader proc;
  ImageRegistry images(proc, UniqueFd{});
  files.stop_answering();
  const ImageId image = images.intern(sight);
  EXPECT_FALSE(images.at(image).fd);
  EXPECT_NE(images.at(image).problem.find("does not answer"), std::string::npos);
  EXPECT_EQ(images.stuck(), 1U);
  EXPECT_EQ(images.open_failures(), 1U);
}

TEST(ImageRegistryTest, TheVdsoIsAnImageOfItsOwn) {
  const ProcReader proc;
  ImageRegistry images(proc, UniqueFd(::memfd_create("vdso", MFD_CLOEXEC)));
  ASSERT_NE(images.vdso(), ImageId::kNone);
  EXPECT_EQ(images.at(images.vdso()).path, "[vdso]");
}

}  // namespace
}  // namespace sonde
