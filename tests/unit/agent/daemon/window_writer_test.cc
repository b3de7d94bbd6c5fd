// SPDX-License-Identifier: Apache-2.0
// Over a real history, real names and the real worker; windows as a session makes them.
#include "agent/daemon/window_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "bpf/abi/frame.h"
#include "tests/support/real_worker.h"
#include "tests/support/require.h"
#include "tests/support/stuck_file_system.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

using std::chrono::seconds;

class WindowWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    client_ = start_real_worker();
    ASSERT_NE(client_, nullptr);
    auto archive = NameArchive::open(base_.path() / "names", 1 << 20);
    ASSERT_TRUE(archive.ok());
    names_ = std::make_unique<NameKeeper>(std::move(*archive), *client_);
    completer_ = std::make_unique<WindowCompleter>(*names_, *client_);
    HistoryOptions history;
    history.journal.directory = base_.path() / "history";
    auto opened = History::open(history);
    ASSERT_TRUE(opened.ok());
    history_ = std::move(*opened);
  }

  // A window of this program with one frame in its file, one in the kernel, one in made code.
  [[nodiscard]] EndedWindow window(std::uint64_t number, const ForeignFile& map = nullptr) const {
    EndedWindow out;
    ClosedWindow& closed = out.closed;
    closed.meta.begin_ns = 1'700'000'000'000'000'000 + number * 10'000'000'000;
    closed.meta.duration_ns = 10'000'000'000;
    closed.boot_id = "boot";
    closed.images.push_back({.path = "/proc/self/exe", .build_id = {}, .content = {}});
    out.files.resize(2);
    out.files[1].fd =
        std::make_shared<const UniqueFd>(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    closed.window.processes = {
        {.tgid = 7, .start_ticks = 1, .name = "made", .executable = ImageId{1}}};
    closed.targets = {{{"process", "made"}}};
    closed.target_of_process = {0};
    closed.made_code_of_process = {0};
    closed.window.stacks = {
        {.process = 0,
         .samples = 5,
         .cpu_ns = 50,
         .frames = {SONDE_KERNEL_FRAME(kKernelPc),
                    (FrameWord{1} << SONDE_IMAGE_GENERATION_SHIFT) | FrameWord{0x40},
                    (SONDE_TAG_USER_PC << SONDE_TAG_SHIFT) | kMadePc | kAnonymousCode}}};
    closed.window.samples = 5;
    out.kernel = {{.address = kKernelPc, .name = "vfs_read", .module = {}, .begin = kKernelPc - 4}};
    out.made_code = {{.process = 0, .files = {}, .problem = "no_code_map"}};
    if (map) out.made_code[0].files.push_back(map);
    return out;
  }
  ForeignFile perf_map(const std::string& text) {
    const std::string path = base_.path() / "perf-7.map";
    std::ofstream(path, std::ios::app) << text;
    return std::make_shared<const UniqueFd>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  }
  std::string name_at(const std::string& content, std::uint64_t address) {
    const ImageNames names = names_->names(content);
    const StoredFunction* found = names.find(address);
    if (found == nullptr) return "unknown";
    return found->name.empty() ? "(" + found->system_name + ")" : found->name;
  }

  static constexpr std::uint64_t kKernelPc = 0xffffffff81000010;
  static constexpr std::uint64_t kMadePc = 0x7f0000001004;
  TemporaryDirectory base_;
  std::unique_ptr<SymbolizerClient> client_;
  std::unique_ptr<NameKeeper> names_;
  std::unique_ptr<WindowCompleter> completer_;
  std::unique_ptr<History> history_;
};

TEST_F(WindowWriterTest, WindowsReachTheDiskWithContentsAndNames) {
  WindowWriter writer(*history_, *names_, *completer_);
  writer.take(window(0));
  writer.take(window(1));
  ASSERT_TRUE(writer.finish(seconds(20), seconds(20)));
  EXPECT_EQ(writer.counts().written, 2U);
  const auto windows = history_->windows({0, ~std::uint64_t{0} >> 1U});
  ASSERT_TRUE(windows.ok());
  ASSERT_EQ(windows->size(), 2U);
  EXPECT_TRUE((*windows)[0].place) << "on the disk";
  const auto loaded = history_->load((*windows)[0]);
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->images.at(1).content.size(), 64U);
  EXPECT_EQ(name_at(loaded->kernel_content, kKernelPc), "vfs_read");
  EXPECT_NE(name_at(loaded->images.at(1).content, 0x40), "unknown");
  const std::uint32_t made = loaded->made_code_of_process.at(0);
  ASSERT_NE(made, 0U);
  EXPECT_EQ(loaded->images.at(made).path, "[jit]");
  EXPECT_EQ(name_at(loaded->images.at(made).content, kMadePc), "(no_code_map)");
}

TEST_F(WindowWriterTest, CodeThatIsMadeAnewKeepsTheNameOfItsTime) {
  ClosedWindow first = completer_->complete(window(0, perf_map("7f0000001000 10 first\n")));
  const std::uint64_t asked = client_->counters().requests;
  const ClosedWindow same = completer_->complete(window(1, perf_map("")));
  EXPECT_EQ(same.images.back().content, first.images.back().content);
  EXPECT_EQ(client_->counters().requests, asked) << "the map did not grow";
  const ClosedWindow later = completer_->complete(window(2, perf_map("7f0000001000 10 second\n")));
  EXPECT_EQ(name_at(first.images.back().content, kMadePc), "first");
  EXPECT_EQ(name_at(later.images.back().content, kMadePc), "second");
}

TEST_F(WindowWriterTest, NamesLeftOutAtAHurriedEndAreCounted) {
  (void)completer_->complete(window(0));  // their names are known from here on
  EndedWindow last = window(1);
  last.closed.window.stacks[0].frames.push_back((FrameWord{1} << SONDE_IMAGE_GENERATION_SHIFT) |
                                                FrameWord{0x80});
  completer_->hurry();
  const ClosedWindow closed = completer_->complete(std::move(last));
  EXPECT_EQ(closed.meta.notes.at("names_hurried"), 1U);
  WindowWriter writer(*history_, *names_, *completer_);
  EXPECT_EQ(writer.counts().lost[static_cast<std::size_t>(WriterLoss::kNamesHurried)], 1U);
}

TEST_F(WindowWriterTest, WindowsThatTheWriterIsTooLateForAreCountedOldestFirst) {
  WindowWriter writer(*history_, *names_, *completer_);
  for (std::uint64_t i = 0; i < 40 * WindowWriter::kMaxWaiting; ++i) writer.take(window(i));
  ASSERT_TRUE(writer.finish(seconds(60), seconds(60)));
  const WriterCounts counts = writer.counts();
  const std::uint64_t lost = counts.lost[static_cast<std::size_t>(WriterLoss::kWriterBehind)];
  EXPECT_GT(lost, 0U);
  EXPECT_EQ(counts.written + lost, counts.taken);
}

TEST_F(WindowWriterTest, WhatWasTakenIsInTheHistoryOnceItWasHandedOver) {
  WindowWriter writer(*history_, *names_, *completer_);
  EXPECT_TRUE(writer.hand_over(seconds(0))) << "nothing was taken";
  for (std::uint64_t i = 0; i < WindowWriter::kMaxWaiting; ++i) {
    writer.take(window(i));
    ASSERT_TRUE(writer.hand_over(seconds(20)));
    const auto windows = history_->windows({0, ~std::uint64_t{0} >> 1U});
    ASSERT_TRUE(windows.ok());
    ASSERT_EQ(windows->size(), i + 1);
  }
}

TEST_F(WindowWriterTest, NobodyWaitsTwiceForAWindowThatIsOverdue) {
  SymbolizerClient::Options options;
  options.executable = "/bin/sleep";  // never answers
  options.arguments = {"60"};
  options.deadline = seconds(2);
  auto slow = SymbolizerClient::start(options);
  ASSERT_TRUE(slow.ok());
  WindowCompleter completer(*names_, **slow);
  WindowWriter writer(*history_, *names_, completer);
  writer.take(window(0));
  EXPECT_FALSE(writer.hand_over(std::chrono::milliseconds(1)));
  const auto asked = std::chrono::steady_clock::now();
  EXPECT_FALSE(writer.hand_over(seconds(60)));
  EXPECT_LT(std::chrono::steady_clock::now() - asked, seconds(1));
  ASSERT_TRUE(writer.finish(seconds(60), seconds(60)));
  EXPECT_TRUE(writer.hand_over(seconds(0)));
}

TEST_F(WindowWriterTest, NamesReachTheDiskWhileWindowsKeepComing) {
  auto archive = NameArchive::open(base_.path() / "names", 1 << 20);
  ASSERT_TRUE(archive.ok());
  NameKeeper names(std::move(*archive), *client_, 1);
  WindowCompleter completer(names, *client_);
  WindowWriter writer(*history_, names, completer);
  std::uint64_t number = 0;
  const auto latest = std::chrono::steady_clock::now() + seconds(20);
  while (names.counts().tables_written == 0 && std::chrono::steady_clock::now() < latest) {
    if (writer.waiting() < WindowWriter::kMaxWaiting / 2) writer.take(window(number++));
    std::this_thread::yield();
  }
  EXPECT_GT(names.counts().tables_written, 0U);
  EXPECT_TRUE(writer.finish(seconds(20), seconds(20)));
  EXPECT_EQ(names.counts().kept_names, 0U);
  EXPECT_EQ(writer.waiting(), 0U);
}

TEST_F(WindowWriterTest, AWindowInAHurryAsksNobody) {
  const std::uint64_t asked = client_->counters().requests;
  completer_->hurry();
  EXPECT_EQ(completer_->complete(window(0)).images.at(1).content, "");
  EXPECT_EQ(client_->counters().requests, asked);
}

TEST_F(WindowWriterTest, AWindowInAHurryHasWhatIsRemembered) {
  const std::string content = completer_->complete(window(0)).images.at(1).content;
  completer_->hurry();
  EXPECT_EQ(completer_->complete(window(1)).images.at(1).content, content);
}

TEST_F(WindowWriterTest, AFileThatCouldNotBeDescribedIsCounted) {
  SymbolizerClient::Options options;
  options.executable = "/bin/sleep";  // never answers
  options.arguments = {"60"};
  options.deadline = std::chrono::milliseconds(20);
  auto slow = SymbolizerClient::start(options);
  ASSERT_TRUE(slow.ok());
  WindowCompleter completer(*names_, **slow);
  EXPECT_EQ(completer.complete(window(0)).meta.notes.at("files_not_described"), 1U);
}

// Debug files are looked for on the account of the user of the process, who can stop their server.
TEST_F(WindowWriterTest, AServerThatAUserStoppedHoldsUpNoOtherUsersNames) {
  SONDE_NEED_ROOT();  // to mount
  const std::string program = base_.path() / "program";
  const std::string strip = "strip -o " + program + " /proc/" + std::to_string(::getpid()) + "/exe";
  ASSERT_EQ(std::system(strip.c_str()), 0);  // NOLINT(concurrency-mt-unsafe,cert-env33-c)
  const UniqueFd file(::open(program.c_str(), O_RDONLY | O_CLOEXEC));
  const auto info = client_->describe(file.get());
  ASSERT_TRUE(info.ok());
  ASSERT_GT(info->build_id.size(), 2U);
  const std::string place = "usr/lib/debug/.build-id/" + info->build_id.substr(0, 2);
  const std::string name = info->build_id.substr(2) + ".debug";
  std::filesystem::create_directories(base_.path() / "good" / place);
  std::ofstream(base_.path() / "good" / place / name) << "no debug file, which is noticed";
  StuckFileSystem stuck(base_.path() / "bad" / place, name, "text");
  ASSERT_TRUE(stuck.is_mounted());
  stuck.stop_answering();
  const auto complete = [&](std::uint64_t offset, const std::string& root, std::uint32_t user) {
    EndedWindow one = window(offset);
    one.files[1].fd =
        std::make_shared<const UniqueFd>(::open(program.c_str(), O_RDONLY | O_CLOEXEC));
    one.files[1].root = base_.path() / root;
    one.files[1].user = user;
    one.closed.window.stacks[0].frames[1] += offset;
    (void)completer_->complete(std::move(one));
  };
  for (std::uint64_t i = 0; i < 3; ++i) complete(i, "bad", 1000);
  EXPECT_EQ(client_->counters().debug_files_stuck, 3U);
  complete(3, "good", 1001);
  EXPECT_EQ(client_->counters().debug_files_stuck, 3U);
  EXPECT_EQ(client_->counters().debug_files_rejected, 1U) << "it was looked at";
}

}  // namespace
}  // namespace sonde
