// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/golang/function_table.h"

#include <array>
#include <utility>
#include <vector>

#include "symbolizer/wire/messages.h"
#include "tests/support/go_program.h"

namespace sonde {
namespace {

constexpr std::array kTables = {GoTable::k12, GoTable::k116, GoTable::k118, GoTable::k120};

struct Opened {
  UniqueFd fd;
  std::unique_ptr<ElfFile> file;
  std::optional<GoFunctionTable> table;

  explicit Opened(const GoProgram& program) : fd(build_go_program(program)) {
    auto opened = ElfFile::open(fd.get());
    EXPECT_TRUE(opened.ok());
    if (!opened) return;
    file = std::make_unique<ElfFile>(std::move(*opened));
    table = GoFunctionTable::open(*file);
  }
};

// File offset of go_text: after 4 KiB of C code.
std::uint64_t go_text(const Opened& opened) {
  return opened.file->find_section(".text")->offset + 4096;
}

TEST(GoFunctionTableTest, EveryLayoutGivesTheSameFunctions) {
  for (const GoTable layout : kTables) {
    Opened opened({.table = layout});
    ASSERT_TRUE(opened.table) << static_cast<int>(layout);
    ASSERT_EQ(opened.table->count(), 3U);
    const std::uint64_t text = go_text(opened);
    const std::array<std::uint64_t, 4> begins = {text, text + 16, text + 32, text + 48};
    const std::array<std::string, 3> names = {"main.plain", "main.(*T).deep[...]",
                                              "runtime.sigreturn"};
    for (std::uint32_t i = 0; i < 3; ++i) {
      const auto function = opened.table->function(i);
      ASSERT_TRUE(function);
      EXPECT_EQ(function->begin, begins[i]);
      EXPECT_EQ(function->end, begins[i + 1]);
      EXPECT_EQ(opened.table->name_of(*function), names[i]);
    }
    EXPECT_FALSE(opened.table->function(3));
  }
}

TEST(GoFunctionTableTest, ANameThatIsTooLongIsCut) {
  Opened opened({.plain_name = std::string(3 * kMaxNameBytes, 'x')});
  ASSERT_TRUE(opened.table);
  EXPECT_EQ(opened.table->name_of(*opened.table->function(0)), std::string(kMaxNameBytes, 'x'));
}

TEST(GoFunctionTableTest, DeltasSayHowFarTheReturnAddressIs) {
  using Part = std::pair<std::uint64_t, std::int64_t>;
  for (const GoTable layout : kTables) {
    Opened opened({.table = layout});
    ASSERT_TRUE(opened.table);
    std::vector<Part> parts;
    const auto take = [&](std::uint64_t begin, std::int64_t bytes) {
      parts.emplace_back(begin - go_text(opened), bytes);
    };
    EXPECT_TRUE(opened.table->deltas_of(*opened.table->function(2), take));
    EXPECT_EQ(parts, (std::vector<Part>{{32, 0}}));
    parts.clear();
    EXPECT_FALSE(opened.table->deltas_of(*opened.table->function(0), take));  // padding is left
    EXPECT_EQ(parts, (std::vector<Part>{{0, 0}, {1, 8}, {4, 0}}));
    parts.clear();
    opened.table->deltas_of(*opened.table->function(1), take);
    EXPECT_EQ(parts, (std::vector<Part>{{16, 0}, {20, 400000}}));
  }
}

TEST(GoFunctionTableTest, OffsetsFindTheirFunctions) {
  Opened opened({});
  ASSERT_TRUE(opened.table);
  const std::uint64_t text = go_text(opened);
  const std::vector<std::uint64_t> offsets = {text - 1, text, text + 15, text + 33, text + 48};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> found;
  opened.table->find(offsets, [&](std::uint64_t offset, const GoFunction& function) {
    found.emplace_back(offset - text, function.begin - text);
  });
  EXPECT_EQ(found,
            (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{0, 0}, {15, 0}, {33, 32}}));
}

TEST(GoFunctionTableTest, ATextStartThatTheHeaderLacksIsFoundBehindCCode) {
  Opened opened({.text_start = "0"});
  ASSERT_TRUE(opened.table);
  const auto function = opened.table->function(0);
  ASSERT_TRUE(function);
  EXPECT_EQ(function->begin, go_text(opened));
}

TEST(GoFunctionTableTest, WithoutSectionHeadersItIsSearchedFor) {
  Opened opened({.after = "llvm-strip-14 --strip-sections"});
  ASSERT_TRUE(opened.file->sections().empty());
  ASSERT_TRUE(opened.table);
  EXPECT_EQ(opened.table->count(), 3U);
}

TEST(GoFunctionTableTest, InAnotherSectionItIsSearchedForOnlyInGoPrograms) {
  EXPECT_FALSE(Opened({.section = ".rodata"}).table);
  const std::string mark =
      "objcopy --add-section .go.buildinfo=/dev/null --add-section "
      ".note.go.buildid=/proc/version";
  EXPECT_TRUE(Opened({.section = ".rodata", .after = mark}).table);
}

TEST(GoFunctionTableTest, ATextStartThatCannotBeIsRefused) {
  EXPECT_TRUE(Opened({.text_start = "0x7000000000000000"}).table);  // found by the signal return
}

}  // namespace
}  // namespace sonde
