// SPDX-License-Identifier: Apache-2.0
// Whole files with code that no unwind table describes: rows fill the gaps and nothing else, and
// the identity of a file covers what they are made of.
#include "symbolizer/worker/synth/bare_code.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "core/base/fd.h"
#include "symbolizer/wire/messages.h"
#include "symbolizer/worker/symbols/file_names.h"
#include "symbolizer/worker/unwind/file_rows.h"

namespace sonde {
namespace {

UniqueFd link_file(const std::string& text, const std::string& after = "") {
  const std::string base = testing::TempDir() + "bare_" + std::to_string(::getpid());
  std::ofstream(base + ".s") << text;
  std::string command = "as -o " + base + ".o " + base + ".s && ld -o " + base + " " + base + ".o";
  if (!after.empty()) command += " && " + after + " " + base;
  EXPECT_EQ(std::system(command.c_str()), 0);  // NOLINT(concurrency-mt-unsafe,cert-env33-c)
  UniqueFd fd(::open(base.c_str(), O_RDONLY | O_CLOEXEC));
  for (const char* suffix : {"", ".s", ".o"}) ::unlink((base + suffix).c_str());
  return fd;
}

struct Built {
  RowTable table;
  RowClassCounts classes{};
  std::array<std::uint8_t, 32> sha256{};
  bool has_unwind_tables = false;

  [[nodiscard]] sonde_row at(std::uint64_t offset) const {
    const sonde_page& page = table.pages.at((offset >> SONDE_PAGE_SHIFT) - table.first_page);
    sonde_row last{};
    for (std::uint32_t i = 0; i < page.count; ++i) {
      const sonde_row& row = table.rows[page.first + i];
      if (row.offset <= (offset & ((1U << SONDE_PAGE_SHIFT) - 1))) last = row;
    }
    return last;
  }
};

Built build(const UniqueFd& fd) {
  Built out;
  auto file = ElfFile::open(fd.get());
  EXPECT_TRUE(file.ok());
  if (!file) return out;
  const auto source = FrameSource::load(std::move(*file));
  EXPECT_TRUE(source.ok());
  if (!source) return out;
  out.sha256 = *source->sha256();
  out.has_unwind_tables = source->has_unwind_tables();
  out.table = source->build(out.classes);
  return out;
}

constexpr std::uint64_t kText = 0x1000;  // where ld puts the code in the file
const std::string kDescribed =
    ".cfi_startproc\n push %rbx\n.cfi_def_cfa_offset 64\n nop\n pop %rbx\n ret\n.cfi_endproc\n";
const std::string kBare = " push %rbp\n mov %rdi,%rbp\n nop\n pop %rbp\n ret\n";

TEST(BareCodeTest, RowsFillTheGapsAndTablesWin) {
  const Built built = build(link_file(".text\n.globl _start\n.p2align 12\n_start:\n" + kDescribed +
                                      ".p2align 5\n.type bare, @function\nbare:\n" + kBare +
                                      ".p2align 5\n" + kDescribed));
  EXPECT_TRUE(built.has_unwind_tables);
  // What the table says is kept although it is not what the code does.
  EXPECT_EQ(built.at(kText + 1).cfa_param, 8);
  EXPECT_EQ(built.at(kText + 1).flags & SONDE_ROW_SYNTHESISED, 0);
  const sonde_row inside = built.at(kText + 32 + 4);
  EXPECT_EQ(inside.cfa, SONDE_CFA_RSP);
  EXPECT_EQ(inside.cfa_param, 2);
  EXPECT_EQ(inside.flags, SONDE_RBP_CFA | SONDE_ROW_SYNTHESISED);
  EXPECT_EQ(built.at(kText + 64 + 1).cfa_param, 8);
}

TEST(BareCodeTest, AFileWithoutAnyTableHasRows) {
  const Built built =
      build(link_file(".text\n.globl _start\n_start:\n xor %ebp,%ebp\n call bare\n"
                      " hlt\n.p2align 4\n.type bare, @function\nbare:\n" +
                      kBare));
  EXPECT_FALSE(built.has_unwind_tables);
  EXPECT_EQ(built.at(kText).cfa, SONDE_CFA_END);
  EXPECT_EQ(built.at(kText + 16).cfa_param, 1);
  EXPECT_EQ(built.at(kText + 16 + 4).cfa_param, 2);
}

TEST(BareCodeTest, TheIdentityCoversTheCodeAndWhatIsKnownToBeginThere) {
  const auto digest = [](const std::string& text) { return build(link_file(text)).sha256; };
  const std::string head = ".text\n.globl _start\n_start:\n" + kBare + ".p2align 4\n";
  const auto one = digest(head + ".type a, @function\na:\n" + kBare);
  EXPECT_EQ(one, digest(head + ".type b, @function\nb:\n" + kBare));
  EXPECT_NE(one,
            digest(head + ".type a, @function\na:\n push %rbx\n pop %rbx\n nop\n nop\n ret\n"));
  EXPECT_NE(one, digest(head + " nop\n.type a, @function\na:\n" + kBare));
  EXPECT_NE(one, digest(head + kBare));
}

TEST(BareCodeTest, PaddingIsNoCode) {
  const Built built = build(link_file(".text\n.globl _start\n.p2align 12\n_start:\n" + kDescribed +
                                      ".p2align 6\n" + kDescribed));
  for (const sonde_row& row : built.table.rows) EXPECT_EQ(row.flags & SONDE_ROW_SYNTHESISED, 0);
  EXPECT_EQ(SONDE_ROW_CFA_KIND(built.at(kText + 32)), SONDE_CFA_NONE);
}

TEST(BareCodeTest, CodePastTheBudgetIsCountedAndLeftOut) {
  const Built built = build(link_file(".text\n.globl _start\n_start:\n" + kBare +
                                      ".section big,\"ax\"\n.fill 17 << 20, 1, 0xc3\n"));
  EXPECT_EQ(built.classes[static_cast<std::size_t>(RowClass::kSynthBudget)], 17U << 20);
  EXPECT_EQ(built.table.unsupported_rows, 0U);
}

TEST(BareCodeTest, FunctionsOfAStrippedFileBeginWhereTheCodeSays) {
  const UniqueFd fd =
      link_file(".text\n.globl _start\n_start:\n call bare\n hlt\n.p2align 4\nbare:\n" + kBare +
                    ".p2align 4\n" + kBare,
                "strip");
  const std::array<std::uint64_t, 3> offsets = {kText + 5, kText + 16 + 4, kText + 32 + 4};
  NameCache cache;
  const auto reply = names_of({.fd = fd.get(), .offsets = offsets}, cache);
  ASSERT_TRUE(reply.ok());
  WireNamesHeader header;
  std::memcpy(&header, reply->message.head.data(), sizeof(header));
  ASSERT_EQ(header.entry_count, offsets.size());
  ASSERT_EQ(header.function_count, 0U);
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    WireNameEntry entry;
    std::memcpy(&entry, reply->message.head.data() + sizeof(header) + i * sizeof(entry),
                sizeof(entry));
    EXPECT_EQ(entry.begin, kText + i * 16) << i;
  }
}

}  // namespace
}  // namespace sonde
