// SPDX-License-Identifier: Apache-2.0
#include "agent/process/image_registry.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <string>

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

TEST(ImageRegistryTest, TheVdsoIsAnImageOfItsOwn) {
  const ProcReader proc;
  ImageRegistry images(proc, UniqueFd(::memfd_create("vdso", MFD_CLOEXEC)));
  ASSERT_NE(images.vdso(), ImageId::kNone);
  EXPECT_EQ(images.at(images.vdso()).path, "[vdso]");
}

}  // namespace
}  // namespace sonde
