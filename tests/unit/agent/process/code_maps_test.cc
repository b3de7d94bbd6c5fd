// SPDX-License-Identifier: Apache-2.0
#include "agent/process/code_maps.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "tests/support/require.h"
#include "tests/support/stuck_file_system.h"

namespace sonde {
namespace {

constexpr auto kProgram = static_cast<ImageId>(3);

// A fake procfs with one process, and the root that it sees.
class CodeMapsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(dir_ / "71" / "root" / "tmp");
    std::ofstream(dir_ / "71" / "status")
        << "Name:\tnode\nUid:\t0\t" << ::getuid() << "\t0\t" << ::getuid()
        << "\nNStgid:\t71\t9\nNSpid:\t71\t9\nNSpgid:\t71\t9\n";
    write_stat(555);
    process_.tgid = 71;
    process_.start_ticks = 555;
    process_.executable = kProgram;
    process_.ranges = std::make_shared<const std::vector<CodeRange>>();
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  void write_stat(std::uint64_t start_ticks) {
    std::ofstream stat(dir_ / "71" / "stat");
    stat << "71 (node) S";
    for (int field = 4; field < 22; ++field) stat << " 0";
    stat << ' ' << start_ticks << " 0 0\n";
  }
  [[nodiscard]] std::filesystem::path tmp() const { return dir_ / "71" / "root" / "tmp"; }
  void write_map(const std::string& name) { std::ofstream(tmp() / name) << "1000 10 f\n"; }

  std::filesystem::path dir_ =
      std::filesystem::path(testing::TempDir()) / ("code_maps_" + std::to_string(::getpid()));
  ProcReader proc_{dir_.string()};
  ImageRegistry images_{proc_, UniqueFd{}};
  Process process_;
  CodeMaps maps_{proc_, images_};
};

TEST_F(CodeMapsTest, TheMapHasTheProcessIdOfTheProcessesOwnNamespace) {
  write_map("perf-71.map");
  maps_.note(process_);
  EXPECT_TRUE(maps_.open(71, 555, kProgram).fds.empty());
  EXPECT_EQ(maps_.open(71, 555, kProgram).problem, CodeReason::kNoCodeMap);
  write_map("perf-9.map");
  EXPECT_EQ(maps_.open(71, 555, kProgram).fds.size(), 1U);
  EXPECT_EQ(maps_.open(71, 555, kProgram).problem, CodeReason::kNone);
}

TEST_F(CodeMapsTest, AnotherProcessOfTheSameIdHasNone) {
  write_map("perf-9.map");
  maps_.note(process_);
  EXPECT_TRUE(maps_.open(71, 556, kProgram).fds.empty());
  EXPECT_TRUE(maps_.open(72, 555, kProgram).fds.empty());
}

TEST_F(CodeMapsTest, TheMapIsFoundAfterTheProcessIsGone) {
  write_map("perf-9.map");
  maps_.note(process_);
  std::filesystem::rename(dir_ / "71", dir_ / "gone");
  EXPECT_EQ(maps_.open(71, 555, kProgram).fds.size(), 1U);
}

TEST_F(CodeMapsTest, LinksStayInsideTheProcessesRoot) {
  std::filesystem::create_symlink("/etc/passwd", tmp() / "perf-9.map");
  maps_.note(process_);
  EXPECT_TRUE(maps_.open(71, 555, kProgram).fds.empty());
  std::filesystem::remove(tmp() / "perf-9.map");
  std::filesystem::create_symlink("../../../../etc/passwd", tmp() / "perf-9.map");
  EXPECT_TRUE(maps_.open(71, 555, kProgram).fds.empty());
}

TEST_F(CodeMapsTest, WhatIsNoRegularFileIsLeft) {
  ASSERT_EQ(::mkfifo((tmp() / "perf-9.map").c_str(), 0600), 0);
  maps_.note(process_);
  EXPECT_TRUE(maps_.open(71, 555, kProgram).fds.empty());
}

TEST_F(CodeMapsTest, AMapOfAnotherUserIsNotBelieved) {
  SONDE_NEED_ROOT();  // to give a file away
  write_map("perf-9.map");
  ASSERT_EQ(::chown((tmp() / "perf-9.map").c_str(), 65534, 65534), 0);
  maps_.note(process_);
  EXPECT_TRUE(maps_.open(71, 555, kProgram).fds.empty());
  EXPECT_EQ(maps_.open(71, 555, kProgram).problem, CodeReason::kCodeMapNotTrusted);
}

TEST_F(CodeMapsTest, ADeviceIsNotEvenOpened) {
  SONDE_NEED_ROOT();  // to make one
  // Opening this one makes a new terminal, whose number would be the next free one.
  std::filesystem::create_symlink("ptmx", tmp() / "perf-9.map");
  ASSERT_EQ(::mknodat(AT_FDCWD, (tmp() / "ptmx").c_str(), S_IFCHR | 0666, makedev(5, 2)), 0);
  const auto terminals = [] {
    std::error_code none;  // no such folder: no terminals
    return std::distance(std::filesystem::directory_iterator("/dev/pts", none), {});
  };
  const auto before = terminals();
  maps_.note(process_);
  EXPECT_TRUE(maps_.open(71, 555, kProgram).fds.empty());
  EXPECT_EQ(terminals(), before);
}

TEST_F(CodeMapsTest, AFileThatOnlyRootMayReadIsNotShownToOthers) {
  SONDE_NEED_ROOT();
  write_map("perf-9.map");
  ASSERT_EQ(::chmod((tmp() / "perf-9.map").c_str(), 0600), 0);
  std::ofstream(dir_ / "71" / "status") << "Name:\tnode\nUid:\t65534\t65534\t65534\t65534\n"
                                           "NStgid:\t71\t9\nNSpid:\t71\t9\nNSpgid:\t71\t9\n";
  maps_.note(process_);
  EXPECT_TRUE(maps_.open(71, 555, kProgram).fds.empty());
  ASSERT_EQ(::chmod((tmp() / "perf-9.map").c_str(), 0644), 0);
  EXPECT_EQ(maps_.open(71, 555, kProgram).fds.size(), 1U);
}

// code_maps_stale
TEST_F(CodeMapsTest, AMapFromBeforeTheProcessIsOfAnother) {
  write_map("perf-9.map");
  const timespec old[2] = {{.tv_sec = 1000, .tv_nsec = 0}, {.tv_sec = 1000, .tv_nsec = 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (tmp() / "perf-9.map").c_str(), old, 0), 0);
  maps_.note(process_);
  EXPECT_TRUE(maps_.open(71, 555, kProgram).fds.empty());
  EXPECT_EQ(maps_.open(71, 555, kProgram).problem, CodeReason::kCodeMapStale);
  EXPECT_EQ(maps_.stale(), 1U);
}

TEST_F(CodeMapsTest, AProgramThatReplacesItselfIsAnother) {
  write_map("perf-9.map");
  maps_.note(process_);
  EXPECT_TRUE(maps_.open(71, 555, static_cast<ImageId>(4)).fds.empty());
}

TEST_F(CodeMapsTest, TheRootOfALaterProcessOfTheSameIdIsNotTaken) {
  write_map("perf-9.map");
  write_stat(556);
  maps_.note(process_);
  EXPECT_TRUE(maps_.open(71, 555, kProgram).fds.empty());
}

// code_maps_stuck
TEST_F(CodeMapsTest, AFileSystemThatDoesNotAnswerHoldsNothingUp) {
  SONDE_NEED_ROOT();  // to mount
  StuckFileSystem files(tmp(), "perf-9.map", "1000 10 f\n");
  ASSERT_TRUE(files.is_mounted());
  maps_.note(process_);
  EXPECT_EQ(maps_.open(71, 555, kProgram).fds.size(), 1U);
  files.stop_answering();
  const auto now = maps_.open(71, 555, kProgram);
  EXPECT_EQ(now.fds.size(), 1U) << "the one it had";
  EXPECT_EQ(now.problem, CodeReason::kNone);
  EXPECT_EQ(maps_.stuck(), 1U);
  for (int i = 0; i < 100; ++i) (void)maps_.open(71, 555, kProgram);
  EXPECT_EQ(maps_.stuck(), 101U) << "two wait, the others are not even tried";
}

TEST_F(CodeMapsTest, WhoseServerIsStoppedHoldsUpNobodyElse) {
  SONDE_NEED_ROOT();  // to mount
  StuckFileSystem files(tmp(), "perf-9.map", "1000 10 f\n");
  ASSERT_TRUE(files.is_mounted());
  files.stop_answering();
  maps_.note(process_);
  for (int i = 0; i < 3; ++i) (void)maps_.open(71, 555, kProgram);
  std::filesystem::create_directories(dir_ / "72" / "root" / "tmp");
  std::filesystem::copy(dir_ / "71" / "stat", dir_ / "72" / "stat");
  std::ofstream(dir_ / "72" / "status") << "Name:\tjava\nUid:\t1\t1\t1\t65534\nNSpid:\t72\n";
  std::ofstream(dir_ / "72" / "root" / "tmp" / "perf-72.map") << "1000 10 f\n";
  process_.tgid = 72;
  maps_.note(process_);
  EXPECT_EQ(maps_.open(72, 555, kProgram).fds.size(), 1U);
}

TEST_F(CodeMapsTest, AMapThatWasNeverOpenedIsStuckWithItsFileSystem) {
  SONDE_NEED_ROOT();  // to mount
  StuckFileSystem files(tmp(), "perf-9.map", "1000 10 f\n");
  ASSERT_TRUE(files.is_mounted());
  files.stop_answering();
  maps_.note(process_);
  EXPECT_EQ(maps_.open(71, 555, kProgram).problem, CodeReason::kFileSystemStuck);
}

// code_maps_refused
TEST_F(CodeMapsTest, ProcessesPastTheLimitAreCounted) {
  for (std::uint64_t i = 0; i < CodeMaps::kMaxProcesses + 3; ++i) {
    process_.start_ticks = i;
    maps_.note(process_);
  }
  maps_.note(process_);  // the last one again
  EXPECT_EQ(maps_.refused(), 3U);
}

}  // namespace
}  // namespace sonde
