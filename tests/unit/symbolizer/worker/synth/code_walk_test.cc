// SPDX-License-Identifier: Apache-2.0
// Assembled snippets in, the rule before each instruction out: every shape of prologue, epilogue
// and flow that code without unwind tables is read by.
#include "symbolizer/worker/synth/code_walk.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace sonde {
namespace {

std::vector<std::uint8_t> assemble(const std::string& text) {
  const std::string base = testing::TempDir() + "synth_" + std::to_string(::getpid());
  std::ofstream(base + ".s") << ".text\n" << text << "\n";
  const std::string command = "as -o " + base + ".o " + base + ".s && ld -Ttext=0 -e 0 -o " + base +
                              ".elf " + base + ".o && objcopy -O binary -j .text " + base +
                              ".elf " + base + ".bin";
  EXPECT_EQ(std::system(command.c_str()), 0) << text;  // NOLINT(concurrency-mt-unsafe,cert-env33-c)
  std::ifstream in(base + ".bin", std::ios::binary);
  std::vector<std::uint8_t> out{std::istreambuf_iterator<char>(in), {}};
  for (const char* suffix : {".s", ".o", ".elf", ".bin"}) ::unlink((base + suffix).c_str());
  return out;
}

// rsp+8, rbp+16, [rsp+40]+8, r10+0, end, signal, ? and where rbp is: /cfa-16, /rbp+0, nothing.
std::string text_of(const sonde_row& row) {
  std::ostringstream out;
  const std::string base = SONDE_ROW_CFA_KIND(row) == SONDE_CFA_DEREF_RBP ? "rbp" : "rsp";
  switch (SONDE_ROW_CFA_KIND(row)) {
    case SONDE_CFA_RSP:
      out << "rsp" << std::showpos << row.cfa_param * 8;
      break;
    case SONDE_CFA_RBP:
      out << "rbp" << std::showpos << row.cfa_param * 8;
      break;
    case SONDE_CFA_REGISTER:
      out << "r" << SONDE_ROW_CFA_AUX(row) << std::showpos << row.cfa_param * 8;
      break;
    case SONDE_CFA_DEREF_RSP:
    case SONDE_CFA_DEREF_RBP:
      out << "[" << base << std::showpos << (row.cfa_param >> 4) * 8 << "]"
          << (row.cfa_param & 15) * 8;
      break;
    case SONDE_CFA_END:
      out << "end";
      break;
    case SONDE_CFA_SIGNAL:
      out << "signal";
      break;
    case SONDE_CFA_FAR_RSP:
      out << "far_rsp";
      break;
    default:
      out << "?";
      break;
  }
  static const char* const kPlaces[] = {"", "/cfa", "/rbp", "/rsp"};
  const unsigned rbp = SONDE_ROW_RBP_KIND(row);
  if (rbp != SONDE_RBP_SAME) out << kPlaces[rbp] << std::showpos << row.rbp_param * 8;
  return out.str();
}

struct Walked {
  std::string rules;  // one per row, in address order
  std::vector<std::uint32_t> starts;
  RowClassCounts classes{};
  std::vector<PlacedRule> rows;
};

Walked walk(const std::string& text, const std::vector<CodeEntry>& entries = {{0, {}}}) {
  const auto code = assemble(text);
  Walked out;
  CodeWalk walk(code, entries, out.classes);
  walk.walk();
  walk.emit(0, out.rows);
  for (const PlacedRule& row : out.rows) {
    const bool none = row.rule.is_none();
    EXPECT_TRUE(none || (row.rule.at(0).flags & SONDE_ROW_SYNTHESISED) != 0) << text;
    out.rules += (out.rules.empty() ? "" : " ") + text_of(row.rule.at(0));
  }
  out.starts = walk.starts();
  return out;
}

std::uint64_t count(const Walked& walked, RowClass row_class) {
  return walked.classes[static_cast<std::size_t>(row_class)];
}

TEST(CodeWalkTest, PushesAndPopsMoveTheFrame) {
  EXPECT_EQ(walk("push %rbx\n sub $24,%rsp\n nop\n add $24,%rsp\n pop %rbx\n ret").rules,
            "rsp+8 rsp+16 rsp+40 rsp+16 rsp+8");
  EXPECT_EQ(walk("pushfq\n popfq\n push $7\n lea 8(%rsp),%rsp\n ret").rules,
            "rsp+8 rsp+16 rsp+8 rsp+16 rsp+8");
  EXPECT_EQ(walk("push %rax\n lea -256(%rsp),%rsp\n sub $-128,%rsp\n add $136,%rsp\n ret").rules,
            "rsp+8 rsp+16 rsp+272 rsp+144 rsp+8");
}

TEST(CodeWalkTest, AFramePointerHolds) {
  EXPECT_EQ(walk("push %rbp\n mov %rsp,%rbp\n push %rbx\n sub %rax,%rsp\n lea -8(%rbp),%rsp\n"
                 " pop %rbx\n pop %rbp\n ret")
                .rules,
            "rsp+8 rsp+16/cfa-16 rbp+16/cfa-16 rsp+8");
  EXPECT_EQ(walk("enter $64,$0\n call 1f\n leave\n ret\n1: ret").rules,
            "rsp+8 rbp+16/cfa-16 rsp+8");
}

TEST(CodeWalkTest, RbpAsDataIsFoundWhereItWasSaved) {
  EXPECT_EQ(walk("push %rbx\n push %rbp\n mov %rdi,%rbp\n nop\n pop %rbp\n pop %rbx\n ret").rules,
            "rsp+8 rsp+16 rsp+24/cfa-24 rsp+16 rsp+8");
  // Stored by moves, as older compilers do; in the red zone.
  EXPECT_EQ(walk("sub $24,%rsp\n mov %rbp,8(%rsp)\n xor %ebp,%ebp\n mov 8(%rsp),%rbp\n"
                 " add $24,%rsp\n ret")
                .rules,
            "rsp+8 rsp+32 rsp+32/cfa-24 rsp+8");
  EXPECT_EQ(walk("mov %rbp,-16(%rsp)\n mov %rdi,%rbp\n mov -16(%rsp),%rbp\n ret").rules,
            "rsp+8 rsp+8/cfa-24");
}

TEST(CodeWalkTest, AlignmentWithAFramePointer) {
  EXPECT_EQ(walk("push %rbp\n mov %rsp,%rbp\n and $-64,%rsp\n sub $128,%rsp\n leave\n ret").rules,
            "rsp+8 rsp+16/cfa-16 rbp+16/cfa-16 rsp+8");
}

TEST(CodeWalkTest, AlignmentWithTheEntrysStackPointerKept) {
  // As OpenSSL's assembly does.
  EXPECT_EQ(walk("mov %rsp,%rax\n push %rbp\n sub $64,%rsp\n and $-64,%rsp\n mov %rax,40(%rsp)\n"
                 " xor %eax,%eax\n mov 40(%rsp),%rsi\n mov -8(%rsi),%rbp\n lea (%rsi),%rsp\n ret")
                .rules,
            "rsp+8 rsp+16/cfa-16 rsp+80/cfa-16 r0+8/cfa-16 [rsp+40]+8/cfa-16 rsp+8");
  // As gcc does for over-aligned locals: the CFA in r10, then in the frame.
  EXPECT_EQ(walk("lea 8(%rsp),%r10\n and $-32,%rsp\n push -8(%r10)\n push %rbp\n mov %rsp,%rbp\n"
                 " push %r10\n call 1f\n pop %r10\n pop %rbp\n lea -8(%r10),%rsp\n ret\n1: ret")
                .rules,
            "rsp+8 r10+0 r10+0/rsp+0 r10+0/rbp+0 [rbp-8]+0/rbp+0 r10+0/rbp+0 r10+0 rsp+8");
}

TEST(CodeWalkTest, APartialStoreKeepsItsNeighbour) {
  EXPECT_EQ(walk("push %rbp\n sub $16,%rsp\n mov %edx,12(%rsp)\n mov %rdi,%rbp\n add $16,%rsp\n"
                 " pop %rbp\n ret")
                .rules,
            "rsp+8 rsp+16/cfa-16 rsp+32/cfa-16 rsp+16/cfa-16 rsp+8");
}

TEST(CodeWalkTest, BehindAReturnTheJumpThatLeadsThereKnows) {
  EXPECT_EQ(walk("push %rbx\n test %edi,%edi\n jz 1f\n pop %rbx\n ret\n1: sub $16,%rsp\n"
                 " add $16,%rsp\n pop %rbx\n ret")
                .rules,
            "rsp+8 rsp+16 rsp+8 rsp+16 rsp+32 rsp+16 rsp+8");
}

TEST(CodeWalkTest, ACallThatDoesNotComeBackIsNoFrame) {
  // The call is made with one word more on the stack than the code behind it has.
  const Walked walked = walk(
      "push %rbx\n test %edi,%edi\n jz 2f\n push %rax\n call 1f\n2: pop %rbx\n ret\n"
      ".p2align 4\n1: ud2");
  EXPECT_EQ(walked.rules, "rsp+8 rsp+16 rsp+24 rsp+16 rsp+8");
  EXPECT_EQ(count(walked, RowClass::kSynthReturn), 0U);
}

TEST(CodeWalkTest, CasesOfASwitchHaveTheFrameOfItsJump) {
  const Walked walked = walk(
      "push %rbx\n push %rbp\n jmp *%rax\n.p2align 4\n call 1f\n pop %rbp\n pop %rbx\n ret\n"
      ".p2align 4\n nop\n pop %rbp\n pop %rbx\n ret\n.p2align 4\n1: ret");
  EXPECT_EQ(walked.rules, "rsp+8 rsp+16 rsp+24/cfa-24 rsp+16 rsp+8 rsp+24/cfa-24 rsp+16 rsp+8");
  EXPECT_EQ(walked.starts, (std::vector<std::uint32_t>{0, 0x30}));
}

TEST(CodeWalkTest, FunctionsThatOnlyPointersKnowAreFound) {
  const Walked walked = walk(
      "push %rbx\n pop %rbx\n ret\n.p2align 4\n push %rbp\n push %rbx\n pop %rbx\n pop %rbp\n"
      " ret");
  EXPECT_EQ(walked.rules, "rsp+8 rsp+16 rsp+8 rsp+16/cfa-16 rsp+24/cfa-16 rsp+16/cfa-16 rsp+8");
  EXPECT_EQ(walked.starts, (std::vector<std::uint32_t>{0, 16}));
}

TEST(CodeWalkTest, CodeThatGoesOnInKnownCodeIsReckonedBack) {
  // Nothing leads to the second part: it adds a word and goes on where three are on the stack.
  const Walked walked =
      walk("push %rbx\n push %rbx\n1: add $16,%rsp\n ret\n.p2align 4\n pop %rax\n jmp 1b");
  EXPECT_EQ(walked.rules, "rsp+8 rsp+16 rsp+24 rsp+8 rsp+32 rsp+24");
}

TEST(CodeWalkTest, PositionIndependentCodeAsksWhereItIs) {
  EXPECT_EQ(walk("call 1f\n1: pop %rax\n ret").rules, "rsp+8 rsp+16 rsp+8");
}

TEST(CodeWalkTest, WhoClearsRbpAndCallsIsTheOutermost) {
  EXPECT_EQ(walk("xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call 1f\n1: hlt").rules,
            "rsp+8 end");
  // Here rbp is a number, saved by whoever calls this.
  const Walked number = walk("xor %ebp,%ebp\n add $3,%rbp\n call 1f\n ret\n1: ret");
  EXPECT_EQ(number.rules, "rsp+8");
  EXPECT_EQ(count(number, RowClass::kSynthRbp), 3U);  // all but the first instruction
}

TEST(CodeWalkTest, TheProcesssEntryIsTheOutermost) {
  EXPECT_EQ(walk("pop %rdi\n call 1f\n hlt\n1: ret", {{0, EntryKind::kProcess}}).rules,
            "end rsp+8");
}

TEST(CodeWalkTest, SignalReturnsAreKnownByTheirBytesAndTheByteBefore) {
  const Walked walked = walk("ret\n nop\n mov $15,%rax\n syscall\n.p2align 4\n ret");
  EXPECT_EQ(walked.rules, "rsp+8 signal rsp+8");
  EXPECT_EQ(walked.rows[1].file_offset, 1U);
}

TEST(CodeWalkTest, FramesOverAQuarterMegabyteAreFarOnes) {
  EXPECT_EQ(walk("sub $0x100000,%rsp\n add $0x100000,%rsp\n ret").rules, "rsp+8 far_rsp rsp+8");
}

TEST(CodeWalkTest, AnUnknownFrameHasNoRow) {
  const Walked walked = walk("mov %rdi,%rsp\n nop\n ret");
  EXPECT_EQ(walked.rules, "rsp+8 ?");
  EXPECT_EQ(count(walked, RowClass::kSynthCfa), 2U);  // the nop and the return
}

TEST(CodeWalkTest, ALabelIsAFunctionOnlyIfNothingLeadsThere) {
  const std::vector<CodeEntry> entries = {{0, EntryKind::kFunction}, {1, EntryKind::kLabel}};
  EXPECT_EQ(walk("push %rbx\n pop %rbx\n ret", entries).rules, "rsp+8 rsp+16 rsp+8");
}

TEST(CodeWalkTest, ALinkageTablesHeadIsEnteredWithAWordPushed) {
  EXPECT_EQ(walk("push 0x10(%rip)\n jmp *0x10(%rip)", {{0, EntryKind::kLinkage}}).rules,
            "rsp+16 rsp+24");
}

TEST(CodeWalkTest, JumpsThatDisagreeAreCounted) {
  EXPECT_EQ(count(walk("test %edi,%edi\n jz 1f\n push %rbx\n jz 1f\n pop %rbx\n1: ret"),
                  RowClass::kSynthConflict),
            1U);
}

TEST(CodeWalkTest, DataBetweenFunctionsIsCounted) {
  EXPECT_EQ(count(walk("ret\n.p2align 4\n.byte 6, 7\n.p2align 4\n ret"), RowClass::kSynthUndecoded),
            16U);  // up to the next aligned place
}

TEST(CodeWalkTest, APointersFunctionBehindACallThatDoesNotComeBack) {
  // It ends in such a call, too, so that no return tells it from the code before.
  const Walked walked = walk(
      "push %rbx\n call 1f\n.p2align 4\n push %rbp\n push %r12\n call 1f\n.p2align 4\n"
      "1: ud2");
  EXPECT_EQ(walked.rules, "rsp+8 rsp+16 rsp+8 rsp+16/cfa-16 rsp+24/cfa-16 rsp+8");
}

TEST(CodeWalkTest, RoomOfUnknownSizeInAnAlignedFrame) {
  EXPECT_EQ(walk("lea 8(%rsp),%r10\n and $-32,%rsp\n push -8(%r10)\n push %rbp\n mov %rsp,%rbp\n"
                 " push %r10\n sub %rax,%rsp\n mov -8(%rbp),%r10\n leave\n lea -8(%r10),%rsp\n ret")
                .rules,
            "rsp+8 r10+0 r10+0/rsp+0 r10+0/rbp+0 [rbp-8]+0/rbp+0 r10+0 rsp+8");
}

TEST(CodeWalkTest, AReturnElsewhereIsCounted) {
  EXPECT_EQ(count(walk("push %rbx\n ret"), RowClass::kSynthReturn), 1U);
}

}  // namespace
}  // namespace sonde
