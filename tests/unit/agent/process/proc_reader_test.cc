// SPDX-License-Identifier: Apache-2.0
#include "agent/process/proc_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "agent/process/maps_parser.h"

#include "tests/support/require.h"

namespace sonde {
namespace {

TEST(ProcReaderTest, CgroupsAreALineForEachHierarchy) {
  const ProcReader proc;
  const auto text = proc.cgroups(static_cast<std::uint32_t>(::getpid()));
  ASSERT_TRUE(text.ok()) << text.error().message;
  EXPECT_NE(text->find(":/"), std::string::npos);
  EXPECT_EQ(proc.cgroups(0).error().code, ErrorCode::kNotFound);
}

TEST(ProcReaderTest, ThisProcessIsListedWithItsParent) {
  const ProcReader proc;
  const auto self = static_cast<std::uint32_t>(::getpid());
  const auto pids = proc.processes();
  ASSERT_TRUE(pids.ok());
  EXPECT_NE(std::ranges::find(*pids, self), pids->end());
  EXPECT_EQ(proc.stat(self)->parent, static_cast<std::uint32_t>(::getppid()));
}

// The main thread of a child ends while another thread goes on.
TEST(ProcReaderTest, WithoutItsMainThreadAProcessStillShowsItsMappings) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::thread([] {
      for (;;) ::pause();
    }).detach();
    ::syscall(SYS_exit, 0);  // of this thread alone
  }
  const auto pid = static_cast<std::uint32_t>(child);
  const ProcReader proc;
  const std::string own = "/proc/" + std::to_string(pid) + "/maps";
  const auto is_empty = [&own] {
    return std::ifstream(own).peek() == std::char_traits<char>::eof();
  };
  for (int i = 0; i < 1000 && !is_empty(); ++i) ::usleep(1000);
  EXPECT_TRUE(is_empty());
  const auto text = proc.maps(pid);
  ASSERT_TRUE(text.ok());
  EXPECT_NE(text->find("[stack]"), std::string::npos);
  struct stat self {};
  ASSERT_EQ(::stat("/proc/self/exe", &self), 0);
  const auto program = proc.executable_path(pid);
  ASSERT_TRUE(program.ok());
  EXPECT_EQ(*program, std::filesystem::read_symlink("/proc/self/exe").string());
  std::uint64_t opened = 0;
  (void)parse_executable_maps(*text, [&](MapsEntry&& entry) {
    if (entry.inode != self.st_ino) return;
    opened += proc.open_mapped(pid, entry.begin, entry.end, entry.path, entry.inode).ok() ? 1U : 0U;
  });
  EXPECT_GT(opened, 0U);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST(ProcReaderTest, AChildIsAmongTheDescendants) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const auto found = ProcReader().with_descendants(static_cast<std::uint32_t>(::getpid()));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NE(std::ranges::find(found, static_cast<std::uint32_t>(child)), found.end());
}

class OpenMappedTest : public testing::Test {
 protected:
  std::filesystem::path dir_ =
      std::filesystem::path(testing::TempDir()) / ("open_mapped_" + std::to_string(::getpid()));
  void SetUp() override { std::filesystem::create_directory(dir_); }
  void TearDown() override { std::filesystem::remove_all(dir_); }
};

TEST_F(OpenMappedTest, ADeletedFileIsStillOpenedThroughItsMapping) {
  SONDE_NEED_ROOT();  // map_files needs CAP_CHECKPOINT_RESTORE
  const std::string path = dir_ / "gone";
  std::ofstream(path) << std::string(5000, 'x');
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  void* mapped = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  ASSERT_NE(mapped, MAP_FAILED);
  std::filesystem::remove(path);
  std::ofstream(path) << "another file in its place";
  const auto begin = reinterpret_cast<std::uint64_t>(mapped);
  const auto opened = ProcReader().open_mapped(static_cast<std::uint32_t>(::getpid()), begin,
                                               begin + 4096, path, 0);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  struct stat info {};
  ASSERT_EQ(::fstat(opened->get(), &info), 0);
  EXPECT_EQ(info.st_size, 5000);
  ::munmap(mapped, 4096);
}

TEST_F(OpenMappedTest, AnotherFileMappedInTheSamePlaceMeanwhileIsNotTakenForTheFirst) {
  SONDE_NEED_ROOT();  // map_files needs CAP_CHECKPOINT_RESTORE
  const std::string path = dir_ / "first", other = dir_ / "second";
  std::ofstream(path) << std::string(5000, '1');
  std::ofstream(other) << std::string(5000, '2');
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  const UniqueFd fd(::open(other.c_str(), O_RDONLY | O_CLOEXEC));
  void* mapped = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd.get(), 0);
  ASSERT_NE(mapped, MAP_FAILED);
  const auto begin = reinterpret_cast<std::uint64_t>(mapped);
  const auto self = static_cast<std::uint32_t>(::getpid());
  const auto opened = ProcReader().open_mapped(self, begin, begin + 4096, path, info.st_ino);
  ASSERT_TRUE(opened.ok()) << opened.error().message;  // by its path
  struct stat found {};
  ASSERT_EQ(::fstat(opened->get(), &found), 0);
  EXPECT_EQ(found.st_ino, info.st_ino);
  std::filesystem::remove(path);
  EXPECT_FALSE(ProcReader().open_mapped(self, begin, begin + 4096, path, info.st_ino).ok());
  ::munmap(mapped, 4096);
}

TEST_F(OpenMappedTest, AFifoInTheFilesPlaceNeitherBlocksNorPasses) {
  const std::string path = dir_ / "fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto opened =
      ProcReader().open_mapped(static_cast<std::uint32_t>(::getpid()), 0x1000, 0x2000, path, 0);
  EXPECT_FALSE(opened.ok());
}

TEST_F(OpenMappedTest, AnotherFileUnderThePathIsRefusedByItsInode) {
  const std::string path = dir_ / "file";
  std::ofstream(path) << "x";
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  const auto self = static_cast<std::uint32_t>(::getpid());
  EXPECT_TRUE(ProcReader().open_mapped(self, 0x1000, 0x2000, path, info.st_ino).ok());
  EXPECT_FALSE(ProcReader().open_mapped(self, 0x1000, 0x2000, path, info.st_ino + 1).ok());
}

}  // namespace
}  // namespace sonde
