// SPDX-License-Identifier: Apache-2.0
// A session that hands on one window after the other, in the running kernel.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "agent/engine/session.h"
#include "core/base/clock.h"
#include "tests/support/balanced_books.h"
#include "tests/support/require.h"
#include "tests/support/spinner.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

constexpr std::uint64_t kWindowNs = 500'000'000;

class SessionWindowsTest : public testing::Test {
 protected:
  void SetUp() override {
    SONDE_NEED_BPF();
    auto session = Session::create(
        {.rate_hz = 199,
         .window_ns = kWindowNs,
         .sweep_ns = 200000000,
         .on_window = [this](EndedWindow&& window) { windows_.push_back(std::move(window)); },
         .worker_executable = SONDE_WORKER_PROGRAM});
    ASSERT_TRUE(session.ok()) << session.error().message;
    session_ = std::move(*session);
    ASSERT_TRUE(session_->start().ok());
    began_ns_ = monotonic_ns();
  }
  void run(
      std::chrono::milliseconds time,
      const std::function<void(const SessionProgress&)>& tick = [](const auto&) {}) {
    ASSERT_TRUE(session_
                    ->run(
                        time, [] { return false; }, tick)
                    .ok());
  }

  std::unique_ptr<Session> session_;
  std::vector<EndedWindow> windows_;
  std::uint64_t began_ns_ = 0;
};

std::uint64_t samples_of(const EndedWindow& window, std::uint32_t pid) {
  std::uint64_t sum = 0;
  for (const WindowStack& stack : window.closed.window.stacks) {
    if (window.closed.window.processes[stack.process].tgid == pid) sum += stack.samples;
  }
  return sum;
}

TEST_F(SessionWindowsTest, WindowsFollowOneAnotherAndTheirBooksAreExact) {
  const Spinner spinner;
  run(std::chrono::milliseconds(2700));
  ASSERT_TRUE(session_->stop().ok());
  ASSERT_GE(windows_.size(), 6U);
  std::uint64_t run_ticks = 0, emitted = 0, stored = 0;
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    const ProfileMeta& meta = windows_[i].closed.meta;
    expect_balanced(meta, windows_[i].closed.window.samples);
    run_ticks += meta.ticks.run;
    emitted += meta.ticks.emitted;
    stored += windows_[i].closed.window.samples;
    if (i > 0) {
      const ProfileMeta& before = windows_[i - 1].closed.meta;
      EXPECT_NEAR(static_cast<double>(meta.begin_ns),
                  static_cast<double>(before.begin_ns + before.duration_ns), 1e6);
      EXPECT_EQ(meta.begin_ns / 1'000'000 % 500, 0U) << "at multiples of their length";
    }
    if (i > 0 && i + 1 < windows_.size()) {
      EXPECT_GT(samples_of(windows_[i], spinner.pid()), 10U)
          << "some of 199 a second; ticks run " << meta.ticks.run << " missed " << meta.ticks.missed
          << " idle " << meta.ticks.idle << " samples " << windows_[i].closed.window.samples
          << " duration " << meta.duration_ns;
    }
  }
  const ProfileMeta& total = windows_.back().total;
  EXPECT_EQ(run_ticks, total.ticks.run) << "by the kernel's own count";
  EXPECT_EQ(emitted, total.ticks.emitted) << "by the kernel's own count";
  EXPECT_GT(stored, 500U);
}

// Most of it in the kernel.
void fill_from_dev_zero() {
  static const int zero = ::open("/dev/zero", O_RDONLY | O_CLOEXEC);
  static std::array<char, 1 << 20> buffer;
  (void)!::read(zero, buffer.data(), buffer.size());
}

TEST_F(SessionWindowsTest, AWindowCarriesWhatIsNeededAfterIt) {
  const Spinner spinner("window-spin", fill_from_dev_zero);
  run(std::chrono::milliseconds(1200));
  ASSERT_TRUE(session_->stop().ok());
  const EndedWindow& window = windows_.at(1);
  const auto& processes = window.closed.window.processes;
  const auto found = std::ranges::find(processes, spinner.pid(), &WindowProcess::tgid);
  ASSERT_NE(found, processes.end());
  const auto index = static_cast<std::size_t>(found - processes.begin());
  const Labels& labels = window.closed.targets.at(window.closed.target_of_process.at(index));
  EXPECT_EQ(labels.at("process"), "window-spin");
  EXPECT_EQ(labels.at("pid"), std::to_string(spinner.pid()));
  EXPECT_TRUE(labels.at("image").ends_with("bpf_session_test"));
  EXPECT_TRUE(labels.at("cgroup").starts_with("/"));
  const auto executable = static_cast<std::size_t>(found->executable);
  ASSERT_EQ(window.files.size(), window.closed.images.size());
  EXPECT_NE(window.files.at(executable).fd, nullptr);
  EXPECT_EQ(window.closed.images.at(executable).path, labels.at("image"));
  EXPECT_EQ(window.closed.boot_id.size(), 36U);
  EXPECT_FALSE(window.kernel.empty());
  EXPECT_TRUE(std::ranges::is_sorted(window.kernel, {}, &KernelFrameName::address));
}

// Descriptors of this process for files in a directory.
std::size_t open_files_in(const std::string& directory) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const auto file = std::filesystem::read_symlink(entry.path(), error);
    if (!error && file.string().starts_with(directory)) ++count;
  }
  return count;
}

// Runs copies of /bin/true, each a file of its own.
void run_new_programs(const std::string& directory, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string path = directory + "/program" + std::to_string(i);
    std::filesystem::copy_file("/bin/true", path);
    std::ofstream(path, std::ios::app) << "copy " << i;
    const pid_t child = ::fork();
    if (child == 0) {
      ::execl(path.c_str(), path.c_str(), nullptr);
      ::_exit(127);
    }
    ::waitpid(child, nullptr, 0);
  }
}

TEST_F(SessionWindowsTest, FilesThatNothingMapsAnyMoreAreGivenBack) {
  const TemporaryDirectory programs;
  constexpr std::size_t kPrograms = 60;
  run_new_programs(programs.path(), kPrograms);
  std::size_t most = 0, least = kPrograms;
  const std::uint64_t so_far_ms = (monotonic_ns() - began_ns_) / 1'000'000;
  run(std::chrono::milliseconds(4000 + so_far_ms), [&](const SessionProgress&) {
    windows_.clear();  // windows keep theirs open until they are written
    const std::size_t now = open_files_in(programs.path());
    most = std::max(most, now);
    least = most > kPrograms / 2 ? std::min(least, now) : kPrograms;
  });
  EXPECT_GT(most, kPrograms / 2) << "they were open at first";
  EXPECT_EQ(least, 0U);
  ASSERT_TRUE(session_->stop().ok());
}

// Whenever one looks, each sample is in one window: handed on, or open.
TEST_F(SessionWindowsTest, OpenWindowsAreReadWhileTheyFill) {
  const Spinner spinner;
  std::uint64_t most = 0, looks_at_ended = 0, before = 0;
  run(std::chrono::milliseconds(1900), [&](const SessionProgress& progress) {
    const std::vector<EndedWindow> open = session_->open_windows();
    std::uint64_t samples = 0;
    for (const EndedWindow& one : windows_) samples += one.closed.window.samples;
    for (const EndedWindow& one : open) {
      most = std::max(most, samples_of(one, spinner.pid()));
      samples += one.closed.window.samples;
      EXPECT_LE(one.closed.meta.duration_ns, kWindowNs);
      expect_balanced(one.closed.meta, one.closed.window.samples);
    }
    if (open.size() > 1) ++looks_at_ended;
    EXPECT_EQ(samples, progress.samples);
    EXPECT_GE(samples, before);
    before = samples;
  });
  ASSERT_TRUE(session_->stop().ok());
  EXPECT_GT(most, 10U);
  EXPECT_GT(looks_at_ended, 0U);
}

}  // namespace
}  // namespace sonde
