// SPDX-License-Identifier: Apache-2.0
#include "agent/process/copied_code.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "agent/process/process_table.h"
#include "tests/support/require.h"
#include "tests/support/stuck_file_system.h"

namespace sonde {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kPages = 6;

CodeRange image_range(std::uint64_t begin, std::uint64_t end, std::uint64_t offset) {
  return {.begin = begin,
          .end = end,
          .file_offset = offset,
          .kind = RangeKind::kImage,
          .image = ImageId{1}};
}

TEST(AsCopyOfTest, TheOffsetMovesWithTheAddress) {
  const CodeRange original = image_range(0x10000, 0x20000, 0x4000);
  const CodeRange above{.begin = 0x18000, .end = 0x30000, .kind = RangeKind::kAnonymous};
  const auto found = as_copy_of(original, above);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->file_offset, 0xc000U);
  EXPECT_EQ(found->begin, above.begin);
  EXPECT_EQ(found->end, above.end);
  const CodeRange below{.begin = 0xe000, .end = 0x10000, .kind = RangeKind::kAnonymous};
  ASSERT_TRUE(as_copy_of(original, below));
  EXPECT_EQ(as_copy_of(original, below)->file_offset, 0x2000U);
}

TEST(AsCopyOfTest, NothingComesFromBeforeTheFileOrFromMemory) {
  const CodeRange far_below{.begin = 0x1000, .end = 0x10000, .kind = RangeKind::kAnonymous};
  EXPECT_FALSE(as_copy_of(image_range(0x10000, 0x20000, 0x4000), far_below));
  EXPECT_FALSE(as_copy_of(far_below, far_below));
}

// This process maps a file of code and puts a copy of its middle in its place.
class CopiedCodeTest : public testing::Test {
 protected:
  void SetUp() override {
    const int fd = ::mkstemp(path_.data());
    ASSERT_GE(fd, 0);
    std::vector<std::uint32_t> content(kPages * kPage / 4);
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::uint32_t>(i * 7);
    ASSERT_EQ(::write(fd, content.data(), kPages * kPage), static_cast<ssize_t>(kPages * kPage));
    file_ = static_cast<std::uint8_t*>(
        ::mmap(nullptr, kPages * kPage, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0));
    ::close(fd);
    ASSERT_NE(file_, MAP_FAILED);
    std::vector<std::uint8_t> bytes(file_ + kPage, file_ + 5 * kPage);
    copy_ = static_cast<std::uint8_t*>(::mmap(file_ + kPage, 4 * kPage, PROT_READ | PROT_WRITE,
                                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    ASSERT_NE(copy_, MAP_FAILED);
    std::memcpy(copy_, bytes.data(), bytes.size());
  }

  void TearDown() override {
    ::munmap(file_, kPages * kPage);
    ::unlink(path_.c_str());
  }

  // The range of the copy, as a scan of this process finds it.
  CodeRange scanned() {
    EXPECT_EQ(::mprotect(copy_, 4 * kPage, PROT_READ | PROT_EXEC), 0);
    const auto pid = static_cast<std::uint32_t>(::getpid());
    table_.scan(pid);
    const auto* range =
        ProcessTable::find_range(*table_.find(pid), reinterpret_cast<std::uintptr_t>(copy_));
    EXPECT_NE(range, nullptr);
    return range != nullptr ? *range : CodeRange{};
  }

  std::string path_ = testing::TempDir() + "copied_code_XXXXXX";
  std::uint8_t* file_ = nullptr;
  std::uint8_t* copy_ = nullptr;
  ProcReader proc_;
  ImageRegistry images_{proc_, UniqueFd{}};
  StaleCode stale_;
  ProcessTable table_{proc_, images_, stale_};
};

TEST_F(CopiedCodeTest, ACopyAtTheAddressesOfTheFileIsThatFile) {
  const CodeRange range = scanned();
  EXPECT_EQ(range.kind, RangeKind::kImage);
  EXPECT_EQ(images_.at(range.image).path, path_);
  const auto at = reinterpret_cast<std::uintptr_t>(copy_);
  EXPECT_EQ(range.file_offset + (at - range.begin), kPage);
}

TEST_F(CopiedCodeTest, ABreakpointInTheCopyDoesNotMatter) {
  copy_[0] ^= 0xff;
  EXPECT_EQ(scanned().kind, RangeKind::kImage);
}

TEST_F(CopiedCodeTest, OtherCodeNextToAFileIsNotItsOwn) {
  for (std::size_t i = 0; i < 4 * kPage; i += 16) copy_[i] ^= 0xff;
  EXPECT_EQ(scanned().kind, RangeKind::kAnonymous);
}

TEST_F(CopiedCodeTest, NewCodeOverAFileIsComparedOnceItIsThere) {
  const auto pid = static_cast<std::uint32_t>(::getpid());
  const CodeRange range = scanned();
  MappingEvent event{.time_ns = ~0ULL - 1,
                     .pid = pid,
                     .begin = reinterpret_cast<std::uintptr_t>(copy_),
                     .bytes = 4 * kPage,
                     .path = "//anon"};
  table_.on_mapping(event);
  const auto* now = ProcessTable::find_range(*table_.find(pid), event.begin);
  ASSERT_NE(now, nullptr);
  EXPECT_EQ(now->kind, RangeKind::kImage);
  EXPECT_EQ(now->image, range.image);
}

// code_copies_skipped
TEST_F(CopiedCodeTest, AProcessThatRemakesItsCodeForEverIsNotComparedForEver) {
  for (std::uint32_t i = 0; i < 3 * CopiedCode::kMaxOfOne; ++i) (void)scanned();
  EXPECT_GT(table_.copies().skipped(), 0U);
}

// code_copies_stuck
TEST_F(CopiedCodeTest, MemoryThatItsOwnerKeepsBackHoldsNothingUp) {
  SONDE_NEED_ROOT();  // to mount
  StuckFileSystem files(testing::TempDir() + "memory_" + std::to_string(::getpid()), "code",
                        std::string(4 * kPage, 'x'));
  ASSERT_TRUE(files.is_mounted());
  ForeignFile code = adopt_foreign(UniqueFd(::open(files.file().c_str(), O_RDONLY | O_CLOEXEC)));
  ASSERT_TRUE(code);
  ASSERT_NE(
      ::mmap(copy_, 4 * kPage, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, code->get(), 0),
      MAP_FAILED);
  files.stop_answering();
  code.reset();
  const auto pid = static_cast<std::uint32_t>(::getpid());
  table_.scan(pid);
  const auto at = reinterpret_cast<std::uintptr_t>(copy_);
  const auto& known = *table_.find(pid)->ranges;
  CopiedCode copies(proc_, images_);
  const CodeRange copy{.begin = at, .end = at + 4 * kPage, .kind = RangeKind::kAnonymous};
  EXPECT_FALSE(copies.original_of(pid, known, copy));
  EXPECT_EQ(copies.stuck(), 1U);
}

}  // namespace
}  // namespace sonde
