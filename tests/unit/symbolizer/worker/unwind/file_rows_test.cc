// SPDX-License-Identifier: Apache-2.0
// From assembler directives to rows: every rule of a call frame program that real code uses, and
// the named refusal of those that are not evaluated.
#include "symbolizer/worker/unwind/file_rows.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "core/base/fd.h"

namespace sonde {
namespace {

struct Built {
  RowTable table;
  RowClassCounts classes{};
};

// Assembles one function with these directives around two nops and links it.
Built build(const std::string& directives, bool signal = false) {
  const std::string base = testing::TempDir() + "cfi_" + std::to_string(::getpid());
  std::ofstream(base + ".s") << ".text\n.p2align 6\n.globl _start\n_start:\n.cfi_startproc\n"
                             << (signal ? ".cfi_signal_frame\n" : "") << directives
                             << "\n nop\n nop\n.cfi_endproc\n.skip 64, 0x90\n";
  const std::string command =
      "as -o " + base + ".o " + base + ".s && ld -o " + base + " " + base + ".o";
  EXPECT_EQ(std::system(command.c_str()), 0);  // NOLINT(concurrency-mt-unsafe,cert-env33-c)
  const UniqueFd fd(::open(base.c_str(), O_RDONLY | O_CLOEXEC));
  for (const char* suffix : {"", ".s", ".o"}) ::unlink((base + suffix).c_str());
  Built out;
  auto file = ElfFile::open(fd.get());
  EXPECT_TRUE(file.ok());
  if (!file) return out;
  const auto source = FrameSource::load(std::move(*file));
  EXPECT_TRUE(source.ok());
  if (source) out.table = source->build(out.classes);
  return out;
}

// The rule in force at the end of the function: of the last row that is not a gap.
sonde_row last_rule(const Built& built) {
  sonde_row last{};
  for (const sonde_row& row : built.table.rows) {
    if (SONDE_ROW_CFA_KIND(row) != SONDE_CFA_NONE) last = row;
  }
  return last;
}

void expect_rule(const std::string& directives, int cfa, int cfa_param, int rbp, int rbp_param) {
  const sonde_row row = last_rule(build(directives));
  EXPECT_EQ(row.cfa, cfa) << directives;
  EXPECT_EQ(row.cfa_param, cfa_param) << directives;
  EXPECT_EQ(SONDE_ROW_RBP_KIND(row), rbp) << directives;
  EXPECT_EQ(row.rbp_param, rbp_param) << directives;
}

TEST(FileRowsTest, PlainFramesFollowRspAndRbp) {
  expect_rule("", SONDE_CFA_RSP, 1, SONDE_RBP_SAME, 0);
  expect_rule(".cfi_adjust_cfa_offset 24", SONDE_CFA_RSP, 4, SONDE_RBP_SAME, 0);
  expect_rule(".cfi_def_cfa_offset 16\n.cfi_offset 6, -16", SONDE_CFA_RSP, 2, SONDE_RBP_CFA, -2);
  expect_rule(".cfi_def_cfa_offset 16\n.cfi_offset 6, -16\n.cfi_def_cfa_register 6", SONDE_CFA_RBP,
              2, SONDE_RBP_CFA, -2);
}

TEST(FileRowsTest, RememberedStatesComeBack) {
  expect_rule(
      ".cfi_def_cfa_offset 32\n.cfi_remember_state\n nop\n.cfi_def_cfa_offset 8\n nop\n"
      ".cfi_restore_state",
      SONDE_CFA_RSP, 4, SONDE_RBP_SAME, 0);
}

TEST(FileRowsTest, OtherRegistersHoldTheCfa) {
  expect_rule(".cfi_def_cfa 10, 8", SONDE_CFA_REGISTER | 10 << 4, 1, SONDE_RBP_SAME, 0);
}

TEST(FileRowsTest, ARealignedFrameIsADereference) {
  // DW_CFA_def_cfa_expression: breg6 -8, deref; DW_CFA_expression rbp: breg6 0.
  expect_rule(".cfi_escape 0x0f,3,0x76,0x78,0x06\n.cfi_escape 0x10,6,2,0x76,0", SONDE_CFA_DEREF_RBP,
              -16, SONDE_RBP_AT_RBP, 0);
  // breg7 16, deref, plus_uconst 8.
  expect_rule(".cfi_escape 0x0f,5,0x77,0x10,0x06,0x23,0x08", SONDE_CFA_DEREF_RSP, 2 * 16 + 1,
              SONDE_RBP_SAME, 0);
}

TEST(FileRowsTest, ThePltRuleKeepsItsThreshold) {
  // breg7 8; breg16 0; lit15; and; lit11; ge; lit3; shl; plus
  expect_rule(".cfi_escape 0x0f,11,0x77,8,0x80,0,0x3f,0x1a,0x3b,0x2a,0x33,0x24,0x22",
              SONDE_CFA_PLT | 11 << 4, 1, SONDE_RBP_SAME, 0);
}

TEST(FileRowsTest, AnUndefinedReturnAddressEndsTheStack) {
  EXPECT_EQ(last_rule(build(".cfi_undefined rip")).cfa, SONDE_CFA_END);
}

TEST(FileRowsTest, AReturnAddressInARegisterIsVforks) {
  const sonde_row row = last_rule(build(".cfi_adjust_cfa_offset -8\n.cfi_register rip, rdi"));
  EXPECT_EQ(row.cfa_param, 0);
  EXPECT_EQ(SONDE_ROW_RA_KIND(row), SONDE_RA_REGISTER);
  EXPECT_EQ(row.rbp_param, 5);
}

TEST(FileRowsTest, FramesOverAQuarterMegabyteAreFarOnes) {
  const sonde_row row = last_rule(build(".cfi_def_cfa_offset 1048592\n.cfi_offset 6, -16"));
  EXPECT_EQ(row.cfa, SONDE_CFA_FAR_RSP | 2 << 4);
  EXPECT_EQ(static_cast<std::uint16_t>(row.cfa_param), 2);
  EXPECT_EQ(row.rbp_param, 2);
}

TEST(FileRowsTest, ASignalFrameMustBeTheKernelsUcontext) {
  const std::string registers =
      ".cfi_escape 0x0f,4,0x77,0xa0,0x01,0x06\n"  // CFA: breg7 160, deref
      ".cfi_escape 0x10,6,3,0x77,0xf8,0x00\n"     // rbp at breg7 120
      ".cfi_escape 0x10,16,3,0x77,0xa8,0x01";     // rip at breg7 168
  EXPECT_EQ(last_rule(build(registers, true)).cfa, SONDE_CFA_SIGNAL);
  const Built other = build(".cfi_escape 0x0f,4,0x77,0xa8,0x01,0x06", true);
  EXPECT_EQ(last_rule(other).cfa, SONDE_CFA_UNSUPPORTED);
  EXPECT_GT(other.classes[static_cast<std::size_t>(RowClass::kSignalLayout)], 0U);
}

void expect_unsupported(const std::string& directives, RowClass row_class) {
  const Built built = build(directives);
  EXPECT_EQ(last_rule(built).cfa, SONDE_CFA_UNSUPPORTED) << directives;
  EXPECT_GT(built.classes[static_cast<std::size_t>(row_class)], 0U) << directives;
  EXPECT_GT(built.table.unsupported_rows, 0U) << directives;
}

TEST(FileRowsTest, WhatIsNotEvaluatedIsNamed) {
  expect_unsupported(".cfi_escape 0x3f", RowClass::kOpcode);
  expect_unsupported(".cfi_escape 0x0f,3,0x77,0,0x12", RowClass::kCfaExpression);  // dup
  expect_unsupported(".cfi_def_cfa_offset 13", RowClass::kCfaRange);
  expect_unsupported(".cfi_register rbp, rax", RowClass::kRbpRegister);
  expect_unsupported(".cfi_val_offset rbp, -16", RowClass::kRbpValue);
  expect_unsupported(".cfi_offset rip, -24", RowClass::kReturnAddress);
}

TEST(FileRowsTest, TheGapBehindAFunctionHasNoRule) {
  const Built built = build("");
  EXPECT_EQ(SONDE_ROW_CFA_KIND(built.table.rows.back()), SONDE_CFA_NONE);
}

}  // namespace
}  // namespace sonde
