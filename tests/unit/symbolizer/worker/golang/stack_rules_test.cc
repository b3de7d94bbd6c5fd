// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/golang/stack_rules.h"

#include <utility>

#include "symbolizer/wire/messages.h"
#include "symbolizer/worker/symbols/file_names.h"
#include "symbolizer/worker/unwind/file_rows.h"
#include "tests/support/go_program.h"

namespace sonde {
namespace {

struct Rules {
  GoStackRules rules;
  std::uint64_t text = 0;

  [[nodiscard]] sonde_row at(std::uint64_t offset) const {
    RowRule rule;
    for (const PlacedRule& placed : rules.rules()) {
      if (placed.file_offset <= text + offset) rule = placed.rule;
    }
    return rule.at(0);
  }
};

Rules load(const GoProgram& program) {
  Rules out;
  const UniqueFd fd = build_go_program(program);
  const auto file = ElfFile::open(fd.get());
  EXPECT_TRUE(file.ok());
  if (!file) return out;
  out.rules = GoStackRules::load(*file);
  out.text = file->find_section(".text")->offset + 4096;
  return out;
}

TEST(GoStackRulesTest, AFrameSavesTheCallersFramePointerBelowItsReturnAddress) {
  const Rules rules = load({});
  EXPECT_EQ(rules.at(0).cfa, SONDE_CFA_RSP);
  EXPECT_EQ(rules.at(0).cfa_param, 1);
  EXPECT_EQ(SONDE_ROW_RBP_KIND(rules.at(0)), SONDE_RBP_SAME);
  EXPECT_EQ(rules.at(2).cfa_param, 2);
  EXPECT_EQ(SONDE_ROW_RBP_KIND(rules.at(2)), SONDE_RBP_CFA);
  EXPECT_EQ(rules.at(2).rbp_param, -2);
  EXPECT_EQ(rules.at(5).cfa_param, 1);
}

// go_budget
TEST(GoStackRulesTest, RulesPastTheLimitAreCounted) {
  const UniqueFd fd = build_go_program({});
  const auto file = ElfFile::open(fd.get());
  ASSERT_TRUE(file.ok());
  const GoStackRules rules = GoStackRules::load(*file, 2);
  EXPECT_EQ(rules.rules().size(), 2U);
  RowClassCounts classes{};
  rules.count_into(classes);
  EXPECT_GT(classes[static_cast<std::size_t>(RowClass::kGoBudget)], 0U);
}

TEST(GoStackRulesTest, AFrameOver256KiBHasAFarRule) {
  const sonde_row row = load({}).at(20);
  EXPECT_EQ(SONDE_ROW_CFA_KIND(row), SONDE_CFA_FAR_RSP);
  EXPECT_EQ(SONDE_ROW_CFA_AUX(row), 2);
  const unsigned words =
      static_cast<std::uint16_t>(row.rbp_param) << 16U | static_cast<std::uint16_t>(row.cfa_param);
  EXPECT_EQ(words, 400000 / 8 + 1);
}

TEST(GoStackRulesTest, TheSignalReturnIsKnownFromTheByteBefore) {
  const Rules rules = load({});
  EXPECT_EQ(SONDE_ROW_CFA_KIND(rules.at(31)), SONDE_CFA_SIGNAL);
  EXPECT_EQ(SONDE_ROW_CFA_KIND(rules.at(32)), SONDE_CFA_SIGNAL);
  EXPECT_EQ(SONDE_ROW_CFA_KIND(rules.at(48)), SONDE_CFA_NONE);  // past the last function
}

TEST(GoStackRulesTest, WhatIsNoGoProgramHasNone) {
  EXPECT_TRUE(load({.section = ".rodata"}).rules.empty());
}

// The rest of the file is decoded as any code without unwind tables.
TEST(GoStackRulesTest, RowsOfTheFileAreThose) {
  const UniqueFd fd = build_go_program({});
  auto file = ElfFile::open(fd.get());
  ASSERT_TRUE(file.ok());
  const std::uint64_t text = file->find_section(".text")->offset + 4096;
  const auto source = FrameSource::load(std::move(*file));
  ASSERT_TRUE(source.ok());
  EXPECT_TRUE(source->has_unwind_tables());
  RowClassCounts classes{};
  const RowTable table = source->build(classes);
  bool found = false;
  for (std::size_t page = 0; page < table.pages.size(); ++page) {
    for (std::uint32_t i = 0; i < table.pages[page].count; ++i) {
      const sonde_row& row = table.rows[table.pages[page].first + i];
      const std::uint64_t at = ((table.first_page + page) << SONDE_PAGE_SHIFT) + row.offset;
      found |= at == text + 31 && SONDE_ROW_CFA_KIND(row) == SONDE_CFA_SIGNAL;
    }
  }
  EXPECT_TRUE(found);
}

TEST(GoStackRulesTest, NamesOfAStrippedProgramComeFromTheTable) {
  const UniqueFd fd = build_go_program({.after = "strip"});
  const auto file = ElfFile::open(fd.get());
  ASSERT_TRUE(file.ok());
  const std::vector<std::uint64_t> offsets = {file->find_section(".text")->offset + 4096 + 17};
  NameCache cache;
  const auto reply = names_of({.fd = fd.get(), .offsets = offsets}, cache);
  ASSERT_TRUE(reply.ok());
  EXPECT_NE(reply->message.strings->find("main.(*T).deep[...]"), std::string::npos);
  EXPECT_EQ(cache.size(), 0U);  // of its names only these were read
}

}  // namespace
}  // namespace sonde
