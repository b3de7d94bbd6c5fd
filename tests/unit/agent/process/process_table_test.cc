// SPDX-License-Identifier: Apache-2.0
#include "agent/process/process_table.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <string_view>

#include "bpf/abi/frame.h"
#include "tests/support/require.h"

namespace sonde {
namespace {

CodeRange image_range(std::uint64_t begin, std::uint64_t end, std::uint64_t offset,
                      unsigned image) {
  return {.begin = begin,
          .end = end,
          .file_offset = offset,
          .kind = RangeKind::kImage,
          .image = static_cast<ImageId>(image)};
}

CodeRange anonymous(std::uint64_t begin, std::uint64_t end) {
  return {.begin = begin, .end = end, .kind = RangeKind::kAnonymous};
}

TEST(InsertRangeTest, ANewRangeCutsWhatItOverlaps) {
  std::vector<CodeRange> ranges{image_range(0x1000, 0x9000, 0, 1)};
  insert_range(ranges, image_range(0x3000, 0x5000, 0x100000, 2));
  ASSERT_EQ(ranges.size(), 3U);
  EXPECT_EQ(ranges[0].end, 0x3000U);
  EXPECT_EQ(ranges[1].image, ImageId{2});
  EXPECT_EQ(ranges[2].begin, 0x5000U);
  EXPECT_EQ(ranges[2].file_offset, 0x4000U);  // moved with its begin
}

TEST(InsertRangeTest, WhatIsCoveredWholeIsGone) {
  std::vector<CodeRange> ranges{image_range(0x1000, 0x2000, 0, 1),
                                image_range(0x3000, 0x4000, 0, 2)};
  insert_range(ranges, anonymous(0x1000, 0x4000));
  ASSERT_EQ(ranges.size(), 1U);
  EXPECT_EQ(ranges[0].kind, RangeKind::kAnonymous);
}

TEST(InsertRangeTest, NeighbouringAnonymousRangesBecomeOne) {
  std::vector<CodeRange> ranges{anonymous(0x1000, 0x2000)};
  insert_range(ranges, anonymous(0x2000, 0x3000));
  insert_range(ranges, anonymous(0x5000, 0x6000));
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0].end, 0x3000U);
}

TEST(InsertRangeTest, RangesThatContinueEachOtherBecomeOneOnBothSides) {
  std::vector<CodeRange> ranges{image_range(0x1000, 0x2000, 0, 1),
                                image_range(0x3000, 0x4000, 0x2000, 1)};
  insert_range(ranges, image_range(0x2000, 0x3000, 0x1000, 1));
  ASSERT_EQ(ranges.size(), 1U);
  EXPECT_EQ(ranges[0].end, 0x4000U);
}

// Which byte of which image (or what else) lies on each of the first pages.
std::vector<std::uint64_t> pages_of(const std::vector<CodeRange>& ranges) {
  std::vector<std::uint64_t> pages(64);
  for (const CodeRange& range : ranges) {
    for (std::uint64_t at = range.begin; at < range.end; at += 0x1000) {
      EXPECT_EQ(pages[at >> 12], 0U) << "ranges overlap";
      const bool image = range.kind == RangeKind::kImage;
      pages[at >> 12] = image ? (static_cast<std::uint64_t>(range.image) << 32) +
                                    range.file_offset + (at - range.begin)
                              : ~std::uint64_t{0};
    }
  }
  return pages;
}

TEST(OverlayRangesTest, IsWhatInsertingOneByOneGives) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::vector<CodeRange> below, above, one_by_one;
    for (int i = 0; i < 12; ++i) {
      const std::uint64_t begin = random() % 60, end = begin + 1 + random() % 4;
      const CodeRange range =
          random() % 3 == 0 ? anonymous(begin << 12, end << 12)
                            : image_range(begin << 12, end << 12, begin << 12, random() % 2 + 1);
      insert_range(i < 6 ? below : above, range);
      insert_range(one_by_one, range);
    }
    const std::vector<CodeRange> overlaid = overlay_ranges(below, above);
    ASSERT_EQ(pages_of(overlaid), pages_of(one_by_one)) << round;
    ASSERT_TRUE(std::ranges::is_sorted(overlaid, {}, &CodeRange::begin)) << round;
  }
}

// A fake procfs with one process whose files the test writes.
class ProcessTableTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(dir_); }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  void write_process(std::uint32_t pid, const std::string& comm, const std::string& maps) {
    const auto dir = dir_ / std::to_string(pid);
    std::filesystem::create_directories(dir);
    std::ofstream(dir / "stat") << pid << " (" << comm
                                << ") S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 555 0 0";
    std::ofstream(dir / "maps") << maps;
  }

  std::filesystem::path dir_ =
      std::filesystem::path(testing::TempDir()) / ("process_table_" + std::to_string(::getpid()));
  ProcReader proc_{dir_.string()};
  ImageRegistry images_{proc_, UniqueFd{}};
  StaleCode stale_;
  ProcessTable table_{proc_, images_, stale_};
};

MappingEvent mapping_of(std::uint32_t pid, std::uint64_t time_ns, std::uint64_t begin,
                        std::uint64_t inode) {
  return {.time_ns = time_ns,
          .pid = pid,
          .begin = begin,
          .bytes = 0x1000,
          .device_major = 8,
          .device_minor = 1,
          .inode = inode,
          .path = "/bin/new"};
}

constexpr const char* kMaps = "1000-3000 r-xp 00002000 08:01 7 /bin/x\n";

TEST_F(ProcessTableTest, AScanFindsProcessesAndReportsThemOnce) {
  write_process(10, "ten", kMaps);
  ASSERT_TRUE(table_.scan_all().ok());
  const Process* process = table_.find(10);
  ASSERT_NE(process, nullptr);
  EXPECT_EQ(process->name, "ten");
  EXPECT_EQ(process->start_ticks, 555U);
  const CodeRange* range = ProcessTable::find_range(*process, 0x2abc);
  ASSERT_NE(range, nullptr);
  EXPECT_EQ(range->file_offset, 0x2000U);
  EXPECT_EQ(ProcessTable::find_range(*process, 0x3000), nullptr);
  EXPECT_EQ(table_.take_changes().size(), 1U);
  EXPECT_TRUE(table_.take_changes().empty());
}

TEST_F(ProcessTableTest, MappingsOlderThanTheScanAreIgnored) {
  write_process(10, "ten", kMaps);
  table_.scan(10);
  MappingEvent event{.time_ns = table_.find(10)->scanned_ns - 1,
                     .pid = 10,
                     .begin = 0x8000,
                     .bytes = 0x1000,
                     .inode = 9};
  table_.on_mapping(event);
  EXPECT_EQ(table_.find(10)->ranges->size(), 1U);
  event.time_ns += 2;
  table_.on_mapping(event);
  EXPECT_EQ(table_.find(10)->ranges->size(), 2U);
}

TEST_F(ProcessTableTest, AMappingThatTheScanHadSeenMakesNoCodeStale) {
  write_process(10, "ten", kMaps);
  table_.scan(10);
  const ImageId image = table_.find(10)->ranges->front().image;
  const std::uint64_t later = table_.find(10)->scanned_ns + 1;
  const std::vector<FrameWord> frames{std::uint64_t{static_cast<std::uint32_t>(image)}
                                      << SONDE_IMAGE_GENERATION_SHIFT};
  MappingEvent event = mapping_of(10, later, 0x1000, 7);
  event.bytes = 0x2000;
  event.file_offset = 0x2000;
  table_.on_mapping(event);
  EXPECT_EQ(stale_.certain_frames(10, later + 1, frames), 1U);
  event.file_offset = 0;  // other bytes of the same file
  table_.on_mapping(event);
  EXPECT_EQ(stale_.certain_frames(10, later + 1, frames), 0U);
}

TEST_F(ProcessTableTest, AForkedChildSharesUntilItMapsSomething) {
  write_process(10, "ten", kMaps);
  table_.scan(10);
  (void)table_.take_changes();
  table_.on_fork(10, 11, 600, 1);
  EXPECT_EQ(table_.find(11)->ranges, table_.find(10)->ranges);
  const auto changes = table_.take_changes();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].kind, ProcessChange::Kind::kShared);
  EXPECT_EQ(changes[0].parent_tgid, 10U);
  table_.on_mapping({.time_ns = ~0ULL, .pid = 11, .begin = 0x8000, .bytes = 0x1000});
  EXPECT_EQ(table_.find(11)->ranges->size(), 2U);
  EXPECT_EQ(table_.find(10)->ranges->size(), 1U);
}

TEST_F(ProcessTableTest, AnExecOfAChildCountsThoughItsParentWasScannedLater) {
  write_process(10, "make", kMaps);
  write_process(11, "cc", "70000-80000 r-xp 00000000 08:01 8 /bin/cc\n");
  table_.scan(10);  // events of the child below are older than this scan
  table_.on_fork(10, 11, 555, 5);
  table_.on_exec(11, 6);
  ASSERT_NE(table_.find(11), nullptr);
  EXPECT_EQ(table_.find(11)->ranges->front().begin, 0x70000U);
}

TEST_F(ProcessTableTest, AnExitOfAnEarlierUserOfThePidChangesNothing) {
  write_process(10, "ten", kMaps);
  table_.scan(10);
  table_.on_exit(10, 554, 0);
  EXPECT_NE(table_.find(10), nullptr);
  table_.on_exit(10, 555, 0);
  EXPECT_EQ(table_.find(10), nullptr);
  EXPECT_EQ(table_.take_changes().back().kind, ProcessChange::Kind::kGone);
}

TEST_F(ProcessTableTest, AProgramThatIsGoneBeforeItsScanIsKnownFromItsMappings) {
  write_process(10, "sh", kMaps);
  table_.scan(10);
  const std::uint64_t now = table_.find(10)->scanned_ns;
  std::filesystem::remove_all(dir_ / "10");  // it will have exited by the time of the scan
  table_.on_exec_begin({.time_ns = now + 1, .pid = 10});
  table_.on_mapping(mapping_of(10, now + 2, 0x70000, 8));
  table_.on_mapping(mapping_of(10, now + 3, 0x90000, 9));
  table_.on_exec(10, now + 4);
  const Process* process = table_.find(10);
  ASSERT_NE(process, nullptr);
  ASSERT_EQ(process->ranges->size(), 2U);
  EXPECT_EQ(process->ranges->front().begin, 0x70000U);
  EXPECT_EQ(process->executable, process->ranges->front().image);
}

TEST_F(ProcessTableTest, AProcessIsFoundAsItWasAtTheTimeOfASample) {
  write_process(10, "sh", kMaps);
  table_.scan(10);
  const std::uint64_t now = table_.find(10)->scanned_ns;
  table_.on_exec_begin({.time_ns = now + 10, .pid = 10});
  table_.on_mapping(mapping_of(10, now + 11, 0x70000, 8));
  table_.on_exit(10, 555, now + 20);
  EXPECT_EQ(table_.find(10), nullptr);
  ASSERT_NE(table_.find_at(10, 555, now + 9), nullptr);
  EXPECT_EQ(table_.find_at(10, 555, now + 9)->ranges->front().begin, 0x1000U);
  ASSERT_NE(table_.find_at(10, 555, now + 15), nullptr);
  EXPECT_EQ(table_.find_at(10, 555, now + 15)->ranges->front().begin, 0x70000U);
  EXPECT_EQ(table_.find_at(10, 556, now + 15), nullptr);  // the pid's next user
  table_.forget_before(now + 15);
  EXPECT_EQ(table_.find_at(10, 555, now + 9)->ranges->front().begin, 0x70000U);
  table_.forget_before(now + 21);
  EXPECT_EQ(table_.find_at(10, 555, now + 15), nullptr);
}

TEST_F(ProcessTableTest, AProcessThatIsGoneIsCounted) {
  table_.scan(12);
  EXPECT_EQ(table_.find(12), nullptr);
  EXPECT_EQ(table_.counts().gone_before_scan, 1U);
}

TEST_F(ProcessTableTest, AnExecReplacesEveryRange) {
  write_process(10, "sh", kMaps);
  table_.scan(10);
  write_process(10, "clang", "70000-80000 r-xp 00000000 08:01 8 /bin/clang\n");
  table_.on_exec(10, ~0ULL);
  ASSERT_EQ(table_.find(10)->ranges->size(), 1U);
  EXPECT_EQ(table_.find(10)->ranges->front().begin, 0x70000U);
}

// Maps a page of shared memory that begins like `begin` for execution; the kind of its range.
RangeKind kind_of_shared_memory(std::string_view begin) {
  const UniqueFd memory(::memfd_create("made", MFD_CLOEXEC));
  EXPECT_EQ(::ftruncate(memory.get(), 4096), 0);
  EXPECT_EQ(::pwrite(memory.get(), begin.data(), begin.size(), 0),
            static_cast<ssize_t>(begin.size()));
  void* at = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, memory.get(), 0);
  EXPECT_NE(at, MAP_FAILED);
  ProcReader proc;
  ImageRegistry images(proc, UniqueFd{});
  StaleCode stale;
  ProcessTable processes(proc, images, stale);
  const auto self = static_cast<std::uint32_t>(::getpid());
  processes.scan(self);
  const CodeRange* range =
      ProcessTable::find_range(*processes.find(self), reinterpret_cast<std::uint64_t>(at));
  EXPECT_NE(range, nullptr);
  const RangeKind kind = range == nullptr ? RangeKind::kOpaque : range->kind;
  ::munmap(at, 4096);
  return kind;
}

std::vector<FrameWord> frame_in(const Process& process) {
  return {std::uint64_t{static_cast<std::uint32_t>(process.ranges->front().image)}
          << SONDE_IMAGE_GENERATION_SHIFT};
}

TEST_F(ProcessTableTest, CodeThatWasReplacedWhileEventsWereLostIsStaleSinceThen) {
  write_process(10, "ten", kMaps);
  table_.scan(10);
  const auto frames = frame_in(*table_.find(10));
  ASSERT_TRUE(table_.rescan_all(5'000, 6'000).ok());
  EXPECT_EQ(stale_.certain_frames(10, 5'500, frames), 1U) << "nothing has changed";
  write_process(10, "ten", "1000-3000 r-xp 00002000 08:01 8 /bin/y\n");
  ASSERT_TRUE(table_.rescan_all(5'000, 6'000).ok());
  EXPECT_EQ(stale_.certain_frames(10, 4'999, frames), 1U);
  EXPECT_EQ(stale_.certain_frames(10, 5'500, frames), 0U);
}

TEST_F(ProcessTableTest, ALibraryThatWasMappedLatelyIsUncertainWhileEventsAreLost) {
  write_process(10, "ten", kMaps + std::string("8000-9000 r-xp 00000000 08:01 9 /lib/new\n"));
  table_.scan(10);
  const auto program = frame_in(*table_.find(10));
  const std::vector<FrameWord> library{
      std::uint64_t{static_cast<std::uint32_t>(table_.find(10)->ranges->back().image)}
      << SONDE_IMAGE_GENERATION_SHIFT};
  const std::uint64_t now = table_.find(10)->scanned_ns + 1'000;
  table_.on_mapping(mapping_of(10, now, 0x8000, 9));
  ASSERT_TRUE(table_.rescan_all(now + 500, now + 2'000).ok());
  EXPECT_EQ(stale_.certain_frames(10, now + 400, library), 1U);
  EXPECT_EQ(stale_.certain_frames(10, now + 600, library), 0U);
  EXPECT_EQ(stale_.certain_frames(10, now + 600, program), 1U);
}

TEST_F(ProcessTableTest, AProgramThatMapsItsOwnFileLatelyIsCertainAllTheSame) {
  write_process(10, "ten", kMaps + std::string("8000-9000 r-xp 00000000 08:01 7 /bin/x\n"));
  std::filesystem::create_symlink("/bin/x", dir_ / "10" / "exe");
  table_.scan(10);
  const auto program = frame_in(*table_.find(10));
  ASSERT_EQ(table_.find(10)->executable, table_.find(10)->ranges->front().image);
  const std::uint64_t now = table_.find(10)->scanned_ns + 1'000;
  table_.on_mapping(mapping_of(10, now, 0x8000, 7));
  ASSERT_TRUE(table_.rescan_all(now + 500, now + 2'000).ok());
  EXPECT_EQ(stale_.certain_frames(10, now + 600, program), 1U);
}

TEST_F(ProcessTableTest, ALibraryThatCameWhileEventsWereLostIsUncertainWhenMoreAre) {
  write_process(10, "ten", kMaps);
  table_.scan(10);
  const auto program = frame_in(*table_.find(10));
  write_process(10, "ten", kMaps + std::string("8000-9000 r-xp 00000000 08:01 9 /lib/new\n"));
  const std::uint64_t before = table_.find(10)->scanned_ns;
  ASSERT_TRUE(table_.rescan_all(before, before + 1'000).ok());
  const std::vector<FrameWord> library{
      std::uint64_t{static_cast<std::uint32_t>(table_.find(10)->ranges->back().image)}
      << SONDE_IMAGE_GENERATION_SHIFT};
  const std::uint64_t found = table_.find(10)->scanned_ns;
  EXPECT_EQ(stale_.certain_frames(10, found, library), 1U) << "nothing was there before it";
  ASSERT_TRUE(table_.rescan_all(found + 500, found + 2'000).ok());
  EXPECT_EQ(stale_.certain_frames(10, found + 400, library), 1U);
  EXPECT_EQ(stale_.certain_frames(10, found + 600, library), 0U);
  EXPECT_EQ(stale_.certain_frames(10, found + 600, program), 1U);
}

TEST_F(ProcessTableTest, ReplacementsAreCountedOnWhenAProcessIsReadAgain) {
  write_process(10, "ten", kMaps);
  table_.scan(10);
  table_.on_mapping(mapping_of(10, table_.find(10)->scanned_ns + 1, 0x1000, 8));
  EXPECT_EQ(table_.find(10)->replacements, 1U);
  write_process(10, "ten", "1000-2000 r-xp 00000000 08:01 8 /bin/new\n");
  ASSERT_TRUE(table_.rescan_all(5'000, 6'000).ok());
  EXPECT_EQ(table_.find(10)->replacements, 1U) << "nothing has changed";
  write_process(10, "ten", "1000-2000 r-xp 00000000 08:01 9 /bin/newer\n");
  ASSERT_TRUE(table_.rescan_all(5'000, 6'000).ok());
  EXPECT_EQ(table_.find(10)->replacements, 2U);
  std::ofstream(dir_ / "10" / "stat") << "10 (new) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 0 0";
  table_.scan(10);
  EXPECT_EQ(table_.find(10)->replacements, 0U) << "another process";
}

TEST_F(ProcessTableTest, AProcessWhosePidWasUsedAgainWhileEventsWereLostIsGone) {
  write_process(10, "ten", kMaps);
  table_.scan(10);
  (void)table_.take_changes();
  std::ofstream(dir_ / "10" / "stat") << "10 (new) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 0 0";
  ASSERT_TRUE(table_.rescan_all(5'000, 6'000).ok());
  const auto changes = table_.take_changes();
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].kind, ProcessChange::Kind::kGone);
  EXPECT_EQ(changes[0].start_ticks, 555U);
  EXPECT_NE(table_.find_at(10, 555, 4'000), nullptr);
  EXPECT_EQ(table_.find(10)->start_ticks, 777U);
}

TEST(SharedMemoryTest, WhatIsNoProgramIsCodeOfTheProcessesMaking) {
  EXPECT_EQ(kind_of_shared_memory("\x55\x48\x89\xe5"), RangeKind::kAnonymous);
}

TEST(SharedMemoryTest, AProgramInItIsAFile) {
  SONDE_NEED_ROOT();  // to open what is mapped
  EXPECT_EQ(kind_of_shared_memory("\x7f"
                                  "ELF"),
            RangeKind::kImage);
}

}  // namespace
}  // namespace sonde
