// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/name_reader.h"

#include <gtest/gtest.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/fd.h"
#include "symbolizer/wire/sealed_file.h"
#include "tests/fuzz/elf_around.h"

namespace sonde {
namespace {

// A file with these names, as tables of the file itself and of its debug file.
class NameReaderTest : public testing::Test {
 protected:
  void make(std::string_view strings) {
    const std::string bytes = elf_around({{".strtab", SHT_STRTAB, 0, strings}});
    const auto part = std::as_bytes(std::span(bytes));
    auto fd = make_sealed_file("names", std::span(&part, 1));
    ASSERT_TRUE(fd.ok());
    fd_ = std::move(*fd);
    auto file = ElfFile::open(fd_.get());
    ASSERT_TRUE(file.ok());
    file_.emplace(std::move(*file));
    const ElfSection* section = file_->find_section(".strtab");
    ASSERT_NE(section, nullptr);
    tables_.push_back({SymbolOrigin::kFile, section->offset, section->size, {}});
    tables_.push_back({SymbolOrigin::kDebugFile, section->offset, section->size, {}});
  }

  UniqueFd fd_;
  std::optional<ElfFile> file_;
  std::vector<StringTable> tables_;
};

TEST_F(NameReaderTest, ANameThatCrossesBlocksIsWhole) {
  const std::string name(1000, 'n');
  make(std::string(FileWindow::kBlockBytes - 500, 'x') + '\0' + name + '\0');
  NameReader names(tables_, *file_, nullptr);
  EXPECT_EQ(names.at(0, FileWindow::kBlockBytes - 499), name);
}

TEST_F(NameReaderTest, NamesEndAt8KiBAndWithTheTable) {
  make(std::string(20'000, 'x'));
  NameReader names(tables_, *file_, nullptr);
  EXPECT_EQ(names.at(0, 0).size(), 8192U);
  EXPECT_EQ(names.at(0, 19'990), std::string(10, 'x'));
  EXPECT_EQ(names.at(0, 20'000), "");
  EXPECT_EQ(names.at(0, 0xffffffff), "");
}

TEST_F(NameReaderTest, ATableOfAFileThatIsNotThereHasNoNames) {
  make(std::string_view("one\0two", 7));
  NameReader without(tables_, *file_, nullptr);
  EXPECT_EQ(without.at(1, 4), "");
  NameReader with(tables_, *file_, &*file_);
  EXPECT_EQ(with.at(1, 4), "two");
}

}  // namespace
}  // namespace sonde
