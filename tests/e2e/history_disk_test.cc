// SPDX-License-Identifier: Apache-2.0
// The history on disks that are full, read-only or broken: nothing is missing until the memory for
// it is full, and the disk has it all once it works again.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <random>
#include <stop_token>
#include <thread>

#include "agent/store/history.h"
#include "agent/store/name_archive.h"
#include "agent/store/name_keeper.h"
#include "tests/support/closed_window_sample.h"
#include "tests/support/require.h"
#include "tests/support/resource_limit.h"
#include "tests/support/small_disk.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

constexpr HistoryRange kAll{0, ~std::uint64_t{0}};

class HistoryDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    SONDE_NEED_ROOT();
    if (!enter_own_mounts()) GTEST_SKIP() << "SKIP mount: needs to mount";
  }
  std::unique_ptr<History> open(const std::filesystem::path& disk) {
    options_.journal.directory = disk / "history";
    auto history = History::open(options_);
    EXPECT_TRUE(history.ok()) << history.error().message;
    return history ? std::move(*history) : nullptr;
  }
  // Window `number`, of about 20 KB that hardly pack.
  void add(History& history, std::uint64_t number) {
    ClosedWindow window = closed_window_of("program", number);
    for (int i = 0; i < 100; ++i) {
      WindowStack stack{.samples = 1, .cpu_ns = 1, .frames = {}};
      for (int frame = 0; frame < 30; ++frame) {
        stack.frames.push_back(SONDE_KERNEL_FRAME(random_()));
      }
      window.window.stacks.push_back(std::move(stack));
    }
    history.add(window);
  }
  // All windows from `first` on are found, in order, and can be loaded.
  static void expect_all(History& history, std::uint64_t first, std::uint64_t end) {
    const auto windows = history.windows(kAll);
    ASSERT_TRUE(windows.ok()) << windows.error().message;
    ASSERT_EQ(windows->size(), end - first);
    for (const HistoryWindow& window : *windows) {
      EXPECT_EQ(window.begin_ns, closed_window_of("", first++).meta.begin_ns);
      EXPECT_TRUE(history.load(window).ok());
    }
  }

  const TemporaryDirectory base_;
  std::mt19937_64 random_{1};
  HistoryOptions options_{
      .journal = {.directory = "", .max_bytes = 64 << 20, .segment_bytes = 256 << 10}};
};

TEST_F(HistoryDiskTest, WindowsOfAFullDiskWaitInMemoryAndGoToItOnceThereIsSpace) {
  SmallTmpfs disk(base_.path() / "disk", 1'200);
  ASSERT_TRUE(disk.ok());
  {
    const auto history = open(disk.path());
    for (std::uint64_t i = 0; i < 100; ++i) {
      add(*history, i);
      expect_all(*history, 0, i + 1);
    }
    const HistoryState full = history->state();
    EXPECT_EQ(full.refusal, JournalRefusal::kDiskFull);
    EXPECT_NE(full.problem, "");
    EXPECT_GT(full.waiting_windows, 10U);
    EXPECT_EQ(full.stored_windows + full.waiting_windows, 100U);
    ASSERT_TRUE(disk.resize(8'000));
    add(*history, 100);
    const HistoryState again = history->state();
    EXPECT_EQ(again.problem, "");
    EXPECT_EQ(again.waiting_windows, 0U);
    EXPECT_EQ(again.memory_bytes, 0U);
    EXPECT_EQ(again.stored_windows, 101U);
    expect_all(*history, 0, 101);
  }
  expect_all(*open(disk.path()), 0, 101);
}

TEST_F(HistoryDiskTest, WindowsPastTheMemoryAreDroppedOldestFirstAndCounted) {
  SmallTmpfs disk(base_.path() / "disk", 600);
  ASSERT_TRUE(disk.ok());
  options_.memory_bytes = 500'000;
  const auto history = open(disk.path());
  for (std::uint64_t i = 0; i < 100; ++i) {
    add(*history, i);
    ASSERT_LE(history->state().memory_bytes, options_.memory_bytes);
  }
  const HistoryState state = history->state();
  const std::uint64_t dropped = state.lost[static_cast<std::size_t>(HistoryLoss::kMemoryFull)];
  EXPECT_GT(dropped, 10U);
  EXPECT_EQ(state.stored_windows + state.waiting_windows + dropped, 100U);
  EXPECT_EQ(history->windows(kAll)->back().begin_ns, closed_window_of("", 99).meta.begin_ns);
  ASSERT_TRUE(disk.resize(8'000));
  add(*history, 100);
  EXPECT_EQ(history->state().waiting_windows, 0U);
  EXPECT_EQ(history->windows(kAll)->size(), 101 - dropped) << "and nothing else is missing";
}

TEST_F(HistoryDiskTest, AReadOnlyDiskIsReadAndNewWindowsWaitInMemory) {
  SmallTmpfs disk(base_.path() / "disk", 4'000);
  ASSERT_TRUE(disk.ok());
  {
    const auto history = open(disk.path());
    for (std::uint64_t i = 0; i < 20; ++i) add(*history, i);
  }
  ASSERT_TRUE(disk.set_read_only(true));
  const auto history = open(disk.path());
  while (!history->catch_up(100)) {
  }
  expect_all(*history, 0, 20);
  for (std::uint64_t i = 20; i < 30; ++i) add(*history, i);
  EXPECT_EQ(history->state().refusal, JournalRefusal::kDiskReadOnly);
  EXPECT_NE(history->state().index_problem, "");
  expect_all(*history, 0, 30);
  ASSERT_TRUE(disk.set_read_only(false));
  add(*history, 30);
  while (!history->catch_up(100)) {
  }
  EXPECT_EQ(history->state().waiting_windows, 0U);
  EXPECT_EQ(history->state().index_problem, "");
  expect_all(*history, 0, 31);
}

TEST_F(HistoryDiskTest, ADiskWithoutTheDirectoryIsNoReasonNotToStart) {
  SmallTmpfs disk(base_.path() / "disk", 4'000);
  ASSERT_TRUE(disk.ok());
  ASSERT_TRUE(disk.set_read_only(true));
  const auto history = open(disk.path());
  for (std::uint64_t i = 0; i < 5; ++i) add(*history, i);
  EXPECT_EQ(history->state().refusal, JournalRefusal::kDiskReadOnly);
  expect_all(*history, 0, 5);
  ASSERT_TRUE(disk.set_read_only(false));
  add(*history, 5);
  EXPECT_EQ(history->state().stored_windows, 6U);
  expect_all(*history, 0, 6);
}

TEST_F(HistoryDiskTest, ADiskThatFailsIsNamedAndNothingIsMissingInMemory) {
  LoopDisk disk(base_.path() / "image", base_.path() / "disk", "ext4", 16);
  if (!disk.ok()) GTEST_SKIP() << "SKIP loop: needs loop devices";
  options_.journal.sync_interval = std::chrono::nanoseconds(0);
  auto history = open(disk.path());
  for (std::uint64_t i = 0; i < 20; ++i) add(*history, i);
  history->sync();
  if (!disk.fail()) GTEST_SKIP() << "SKIP ext4: needs one that can be shut down";
  for (std::uint64_t i = 20; i < 25; ++i) add(*history, i);
  EXPECT_EQ(history->state().refusal, JournalRefusal::kDiskError);
  EXPECT_EQ(history->state().waiting_windows, 5U);
  history.reset();
  ASSERT_TRUE(disk.repair());
  history = open(disk.path());
  while (!history->catch_up(100)) {
  }
  expect_all(*history, 0, 20);
}

TEST_F(HistoryDiskTest, ADiskThatFailsIsRepairedUnderARunningHistory) {
  LoopDisk disk(base_.path() / "image", base_.path() / "disk", "ext4", 16);
  if (!disk.ok()) GTEST_SKIP() << "SKIP loop: needs loop devices";
  options_.journal.sync_interval = std::chrono::hours(1);
  const auto history = open(disk.path());
  for (std::uint64_t i = 0; i < 20; ++i) add(*history, i);
  history->sync();
  for (std::uint64_t i = 20; i < 25; ++i) add(*history, i);
  if (!disk.fail()) GTEST_SKIP() << "SKIP ext4: needs one that can be shut down";
  for (std::uint64_t i = 25; i < 30; ++i) add(*history, i);
  EXPECT_EQ(history->state().refusal, JournalRefusal::kDiskError);
  EXPECT_EQ(history->state().waiting_windows, 5U);
  const std::uint64_t refused =
      history->state().journal.refused[static_cast<std::size_t>(JournalRefusal::kDiskError)];
  EXPECT_GT(refused, 0U);
  ASSERT_TRUE(disk.repair()) << "nothing of it is open";
  add(*history, 30);
  while (!history->catch_up(100)) {
  }
  const HistoryState state = history->state();
  EXPECT_EQ(state.problem, "");
  EXPECT_EQ(state.waiting_windows, 0U);
  EXPECT_EQ(state.lost[static_cast<std::size_t>(HistoryLoss::kDiskLost)], 5U)
      << "appended after the last sync";
  EXPECT_GE(state.journal.refused[static_cast<std::size_t>(JournalRefusal::kDiskError)], refused)
      << "counts go on";
  EXPECT_EQ(history->windows(kAll)->size(), 26U);
}

TEST_F(HistoryDiskTest, WhereADiskWasUnmountedNothingIsPutInItsPlace) {
  SmallTmpfs disk(base_.path() / "disk", 4'000);
  ASSERT_TRUE(disk.ok());
  const auto history = open(disk.path());
  {
    // As if it had failed: nothing of it is open any more.
    const LargestFile limit(0);
    add(*history, 0);
  }
  EXPECT_EQ(history->state().refusal, JournalRefusal::kDiskError);
  ASSERT_EQ(::umount2(disk.path().c_str(), 0), 0);
  add(*history, 1);
  EXPECT_EQ(history->state().waiting_windows, 2U);
  EXPECT_NE(history->state().problem.find("missing with the disk"), std::string::npos)
      << history->state().problem;
  EXPECT_TRUE(std::filesystem::is_empty(disk.path()));
}

TEST_F(HistoryDiskTest, TablesOfNamesAreThereAfterAPowerCut) {
  LoopDisk disk(base_.path() / "image", base_.path() / "disk", "ext4", 16);
  if (!disk.ok()) GTEST_SKIP() << "SKIP loop: needs loop devices";
  const std::string directory = disk.path() / "names";
  ImageNames names;
  names.add(16, {"function", "", 16});
  ASSERT_TRUE(NameArchive::open(directory, 1 << 20)->store("a1", names).ok());
  if (!disk.fail()) GTEST_SKIP() << "SKIP ext4: needs one that can be shut down";
  ASSERT_TRUE(disk.repair());
  const auto back = NameArchive::open(directory, 1 << 20)->load("a1");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->encode(), names.encode());
}

TEST_F(HistoryDiskTest, NobodyWaitsForATableOfNamesThatHangs) {
  LoopDisk disk(base_.path() / "image", base_.path() / "disk", "ext4", 16);
  if (!disk.ok()) GTEST_SKIP() << "SKIP loop: needs loop devices";
  SymbolizerClient::Options options;
  options.executable = SONDE_WORKER_PROGRAM;
  auto client = SymbolizerClient::start(options);
  ASSERT_TRUE(client.ok());
  NameKeeper keeper(*NameArchive::open(disk.path() / "names", 1 << 20), **client);
  const NamedOffset first{0x10, {"first", "", 0x10}};
  const NamedOffset meanwhile{0x20, {"meanwhile", "", 0x20}};
  const NamedOffset again{0x10, {"again", "", 0x10}};
  keeper.add("a1", std::span(&first, 1), 1);
  ASSERT_TRUE(disk.freeze());
  std::atomic<bool> written{false};
  {
    const std::jthread writer([&] {
      keeper.flush(2, true);
      written = true;
    });
    // If somebody waits all the same, that is seen below, and the disk does not stay so for ever.
    const std::jthread end([&disk](const std::stop_token& stop) {
      for (int i = 0; i < 50 && !stop.stop_requested(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
      (void)disk.thaw();
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    const auto begin = std::chrono::steady_clock::now();
    keeper.add("a1", std::span(&meanwhile, 1), 3);
    keeper.add("a1", std::span(&again, 1), 3);
    EXPECT_EQ(keeper.names("a1").offsets(), (std::vector<std::uint64_t>{0x10, 0x20}));
    EXPECT_EQ(keeper.counts().kept_names, 2U);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
    EXPECT_FALSE(written);
  }
  keeper.flush(4, true);
  EXPECT_EQ(keeper.counts().kept_names, 0U) << "what came meanwhile was not taken for written";
  const auto table = NameArchive::open(disk.path() / "names", 1 << 20)->load("a1");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->find(0x10)->name, "again");
  EXPECT_EQ(table->find(0x20)->name, "meanwhile");
}

}  // namespace
}  // namespace sonde
