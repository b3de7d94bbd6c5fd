// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/elf/file_window.h"

#include <utility>

#include "tests/support/go_program.h"

namespace sonde {
namespace {

// Any file with a section larger than a block.
class FileWindowTest : public testing::Test {
 protected:
  void SetUp() override {
    fd_ = UniqueFd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    auto file = ElfFile::open(fd_.get());
    ASSERT_TRUE(file.ok());
    file_.emplace(std::move(*file));
    ASSERT_GT(file_->size(), 4 * FileWindow::kBlockBytes);
  }
  // What a plain read gives.
  [[nodiscard]] std::vector<std::uint8_t> bytes(std::uint64_t offset, std::size_t count) const {
    std::vector<std::uint8_t> out(count);
    const auto got = ::pread(fd_.get(), out.data(), count, static_cast<off_t>(offset));
    out.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return out;
  }

  UniqueFd fd_;
  std::optional<ElfFile> file_;
};

TEST_F(FileWindowTest, GivesWhatIsInTheFileWhereverItLies) {
  constexpr std::uint64_t kBegin = 64;
  FileWindow window(*file_, kBegin, file_->size() - kBegin);
  for (const std::uint64_t offset :
       {std::uint64_t{0}, std::uint64_t{17}, std::uint64_t{FileWindow::kBlockBytes - 3},
        std::uint64_t{3 * FileWindow::kBlockBytes}, std::uint64_t{5}}) {
    const ByteSpan got = window.at(offset, 16);
    ASSERT_GE(got.size(), 16U);
    EXPECT_TRUE(std::ranges::equal(got.first(16), bytes(kBegin + offset, 16))) << offset;
  }
}

TEST_F(FileWindowTest, EndsWithItsPart) {
  FileWindow window(*file_, 0, 100);
  EXPECT_EQ(window.at(90, 16).size(), 10U);
  EXPECT_TRUE(window.at(100, 1).empty());
  EXPECT_TRUE(window.at(~std::uint64_t{0}, 1).empty());
}

TEST_F(FileWindowTest, APartThatTheFileDoesNotHaveGivesNothing) {
  FileWindow window(*file_, file_->size() + 10, 100);
  EXPECT_TRUE(window.at(0, 1).empty());
}

}  // namespace
}  // namespace sonde
