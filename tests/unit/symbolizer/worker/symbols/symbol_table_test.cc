// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/symbol_table.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/fd.h"
#include "symbolizer/wire/sealed_file.h"
#include "tests/fuzz/elf_around.h"

namespace sonde {
namespace {

constexpr std::uint64_t kOffset = 0x200;  // where all functions of these tests begin

// read(2) and pread(2) of this thread so far.
std::uint64_t reads() {
  std::ifstream io("/proc/thread-self/io");
  std::string name;
  std::uint64_t value = 0;
  while (io >> name >> value) {
    if (name == "syscr:") return value;
  }
  return 0;
}

// A program whose functions have the same begin and different names.
class SymbolTableTest : public testing::Test {
 protected:
  void add(const std::string& name, unsigned char binding, std::uint64_t size = 16) {
    append_struct(entries_,
                  Elf64_Sym{.st_name = static_cast<Elf64_Word>(strings_.size()),
                            .st_info = static_cast<unsigned char>(binding << 4U | STT_FUNC),
                            .st_other = 0,
                            .st_shndx = 1,
                            .st_value = kFuzzAddress + kOffset,
                            .st_size = size});
    strings_ += name + '\0';
  }
  // Bytes that the next name does not share a block with.
  void skip(std::size_t bytes) { strings_.append(bytes, 'x').push_back('\0'); }

  // How often the file was read to choose among the aliases.
  std::uint64_t finish() {
    const std::string bytes =
        elf_around({{".symtab", SHT_SYMTAB, 2, entries_}, {".strtab", SHT_STRTAB, 0, strings_}});
    const auto part = std::as_bytes(std::span(bytes));
    auto fd = make_sealed_file("symbols", std::span(&part, 1));
    EXPECT_TRUE(fd.ok());
    fd_ = std::move(*fd);
    auto file = ElfFile::open(fd_.get());
    EXPECT_TRUE(file.ok());
    file_.emplace(std::move(*file));
    table_.emplace(*file_);
    EXPECT_TRUE(table_->add_tables(*file_, SymbolOrigin::kFile));
    names_ = std::make_unique<NameReader>(table_->strings(), *file_, nullptr);
    const std::uint64_t before = reads();
    table_->finish(*names_);
    return reads() - before;
  }
  std::string name_at(std::uint64_t offset) {
    const Symbol* symbol = table_->find({&offset, 1}).front();
    return symbol == nullptr ? "" : std::string(table_->name_of(*symbol, *names_));
  }

  std::string entries_ = std::string(sizeof(Elf64_Sym), '\0');
  std::string strings_ = std::string(1, '\0');
  UniqueFd fd_;
  std::optional<ElfFile> file_;
  std::optional<SymbolTable> table_;
  std::unique_ptr<NameReader> names_;
};

TEST_F(SymbolTableTest, TheNamePeopleKnowWins) {
  // Each beats those before it.
  const std::vector<std::pair<std::string, unsigned char>> names{
      {"a", STB_LOCAL},         {"__libc_malloc", STB_GLOBAL}, {"_malloc", STB_GLOBAL},
      {"malloc", STB_WEAK},     {"malloc_longer", STB_GLOBAL}, {"malloc_b", STB_GLOBAL},
      {"malloc_a", STB_GLOBAL},
  };
  add("sizeless", STB_GLOBAL, 0);
  for (std::size_t count = 0; count < names.size(); ++count) {
    add(names[count].first, names[count].second);
    (void)finish();
    EXPECT_EQ(name_at(kOffset + 1), names[count].first);
  }
}

TEST_F(SymbolTableTest, BehindTheEndOfTheBestTheNextBestCovers) {
  add("longer_and_worse", STB_GLOBAL, 64);
  add("best", STB_GLOBAL, 16);
  (void)finish();
  EXPECT_EQ(name_at(kOffset + 8), "best");
  EXPECT_EQ(name_at(kOffset + 40), "longer_and_worse");
}

TEST_F(SymbolTableTest, ANameIsReadOnceHoweverManyAliasesThereAre) {
  constexpr std::uint64_t kAliases = 500;
  for (std::uint64_t i = 0; i < kAliases; ++i) {
    add("f" + std::to_string(i * 7919 % kAliases), STB_GLOBAL);
    skip(40'000);  // 20 MB in all, of which the reader holds 2
  }
  EXPECT_LE(finish(), kAliases + 16);
  EXPECT_EQ(name_at(kOffset), "f0");
}

TEST_F(SymbolTableTest, WhereBindingDecidesNoNameIsRead) {
  add("local", STB_LOCAL);
  add("global", STB_GLOBAL);
  EXPECT_LE(finish(), 1U);  // the read of the count itself
  EXPECT_EQ(name_at(kOffset), "global");
}

}  // namespace
}  // namespace sonde
