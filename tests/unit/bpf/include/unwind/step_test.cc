// SPDX-License-Identifier: Apache-2.0
// Every rule of bpf/include/unwind/step.h over hand-made stacks.
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "agent/capture/native_walk.h"

namespace sonde {
namespace {

constexpr std::uint64_t kText = 0x400000;       // where the one image is mapped
constexpr std::uint64_t kFileOffset = 0x10000;  // of the mapping: file page 16
constexpr std::uint64_t kStack = 0x7ffd00000000;
constexpr std::uint32_t kSlot = 5;

// The tables of one walk, as the walk reads them.
struct Tables {
  const std::vector<__u64>& images;
  const sonde_page& only_page;
  const std::vector<sonde_row>& rows;

  static __u64 image_table(void* owner, __u32 slot) {
    const auto& images = static_cast<Tables*>(owner)->images;
    return slot < images.size() ? images[slot] : 0;
  }
  static int read_page(void* owner, __u32 index, sonde_page* out) {
    *out = static_cast<Tables*>(owner)->only_page;
    return index == 0 ? 0 : 1;
  }
  static int read_row(void* owner, __u32 chunk, __u32 row, sonde_row* out) {
    const auto& rows = static_cast<Tables*>(owner)->rows;
    if (chunk != 0 || row >= rows.size()) return 1;
    *out = rows[row];
    return 0;
  }
};

// One image of one page; rules are given per code offset; a stack of 8-byte words.
class Walk {
 public:
  Walk() : stack_(512) { state_ = std::make_unique<sonde_unwind>(); }

  Walk& row(std::uint16_t offset, sonde_row rule) {
    rule.offset = offset;
    rows_[offset] = rule;
    return *this;
  }
  Walk& word(std::uint64_t index, std::uint64_t value) {
    stack_.at(index) = value;
    return *this;
  }
  Walk& unpublished() {
    published_ = false;
    return *this;
  }
  Walk& anonymous() {
    kind_ = SONDE_RANGE_ANONYMOUS;
    return *this;
  }

  // Walks from code offset `pc` with the stack pointer at word `sp` and rbp at word `bp`.
  const sonde_unwind& go(std::uint64_t pc, std::uint64_t sp, std::uint64_t bp_value = 0) {
    std::vector<sonde_row> rows;
    for (const auto& [offset, rule] : rows_) rows.push_back(rule);
    const sonde_range range{.begin = kText,
                            .end = kText + 0x10000,
                            .target = (kind_ << SONDE_RANGE_KIND_SHIFT) |
                                      (std::uint64_t{kSlot} << SONDE_RANGE_SLOT_SHIFT) |
                                      (std::uint64_t{3} << SONDE_RANGE_GENERATION_SHIFT) |
                                      (kFileOffset >> 12)};
    const sonde_page page{.first = 0, .count = static_cast<std::uint32_t>(rows.size())};
    std::vector<__u64> tables(kSlot + 1);
    if (published_) {
      tables[kSlot] = (std::uint64_t{1} << SONDE_TABLE_COUNT_SHIFT) |
                      ((kFileOffset >> SONDE_PAGE_SHIFT) << SONDE_TABLE_BASE_SHIFT);
    }
    Tables owner{tables, page, rows};
    const NativeTables native{.owner = &owner,
                              .ranges = &range,
                              .range_count = 1,
                              .image_table = &Tables::image_table,
                              .page = &Tables::read_page,
                              .row = &Tables::read_row,
                              .stack = stack_.data(),
                              .stack_base = kStack,
                              .stack_bytes = stack_.size() * 8};
    state_->pc = kText + pc;
    state_->sp = at(sp);
    state_->bp = bp_value;
    state_->exact = SONDE_EXACT_REGS;
    native_walk(&native, state_.get());
    return *state_;
  }
  [[nodiscard]] sonde_unwind& state() { return *state_; }
  static std::uint64_t at(std::uint64_t word) { return kStack + word * 8; }

 private:
  std::map<std::uint16_t, sonde_row> rows_;
  std::vector<std::uint64_t> stack_;
  std::unique_ptr<sonde_unwind> state_;
  std::uint64_t kind_ = SONDE_RANGE_IMAGE;
  bool published_ = true;
};

sonde_row rule(std::uint8_t cfa, std::int16_t parameter, std::uint8_t rbp = SONDE_RBP_SAME,
               std::int16_t rbp_parameter = 0) {
  return {
      .offset = 0, .cfa = cfa, .flags = rbp, .cfa_param = parameter, .rbp_param = rbp_parameter};
}
const sonde_row kEnd = rule(SONDE_CFA_END, 0);

std::vector<std::uint64_t> offsets(const sonde_unwind& u) {
  std::vector<std::uint64_t> out;
  for (std::uint32_t i = 0; i < u.frame_count; ++i) {
    out.push_back((u.record.frames[i] & SONDE_IMAGE_OFFSET_MASK) - kFileOffset);
  }
  return out;
}
using Offsets = std::vector<std::uint64_t>;

TEST(UnwindStepTest, CfaFromRspLeadsToTheCallerOneByteBackInItsCall) {
  Walk walk;
  walk.row(0x100, rule(SONDE_CFA_RSP, 3)).row(0x200, kEnd).word(2, kText + 0x205);
  const auto& u = walk.go(0x110, 0);
  EXPECT_EQ(u.stop, SONDE_STOP_COMPLETE);
  EXPECT_EQ(offsets(u), (Offsets{0x110, 0x204}));
  EXPECT_EQ((u.record.frames[0] >> SONDE_IMAGE_SLOT_SHIFT) & SONDE_IMAGE_SLOT_MASK, kSlot);
  EXPECT_EQ((u.record.frames[0] >> SONDE_IMAGE_GENERATION_SHIFT) & 0xff, 3U);
}

TEST(UnwindStepTest, RbpSavedAtTheCfaIsRestoredAndUsedByTheNextFrame) {
  Walk walk;
  walk.row(0x100, rule(SONDE_CFA_RSP, 2, SONDE_RBP_CFA, -2))
      .row(0x200, rule(SONDE_CFA_RBP, 2))
      .row(0x300, kEnd)
      .word(0, Walk::at(8))     // saved rbp
      .word(1, kText + 0x201)   // return into 0x200
      .word(9, kText + 0x301);  // at rbp + 8
  EXPECT_EQ(offsets(walk.go(0x100, 0)), (Offsets{0x100, 0x200, 0x300}));
}

TEST(UnwindStepTest, PltStubsPushOneWordAfterTheirThreshold) {
  for (const std::uint64_t pc : {0x100U, 0x10bU}) {
    Walk walk;
    walk.row(0x100, rule(SONDE_CFA_PLT | (11 << 4), 1)).row(0x200, kEnd);
    walk.word(pc == 0x100 ? 0 : 1, kText + 0x201);
    EXPECT_EQ(walk.go(pc, 0).stop, SONDE_STOP_COMPLETE) << pc;
  }
}

TEST(UnwindStepTest, ARealignedFrameReadsItsCfaFromMemory) {
  Walk walk;  // CFA = *(rbp - 8), rbp saved at *rbp
  walk.row(0x100,
           rule(SONDE_CFA_DEREF_RBP, static_cast<std::int16_t>(-1 * 16), SONDE_RBP_AT_RBP, 0))
      .row(0x200, kEnd)
      .word(19, Walk::at(30))
      .word(20, 0x1234)
      .word(29, kText + 0x201);
  const auto& u = walk.go(0x100, 10, Walk::at(20));
  EXPECT_EQ(u.stop, SONDE_STOP_COMPLETE);
  EXPECT_EQ(u.bp, 0x1234U);
  EXPECT_EQ(u.sp, Walk::at(30));
}

TEST(UnwindStepTest, ADereferencedStackSlotCanHaveAnOffset) {
  Walk walk;  // CFA = *(rsp + 16) + 8
  walk.row(0x100, rule(SONDE_CFA_DEREF_RSP, (2 << 4) | 1)).row(0x200, kEnd);
  walk.word(2, Walk::at(40)).word(40, kText + 0x201);
  EXPECT_EQ(walk.go(0x100, 0).stop, SONDE_STOP_COMPLETE);
}

TEST(UnwindStepTest, OtherRegistersAreKnownInTheLeafOnly) {
  Walk leaf;
  leaf.row(0x100, rule(SONDE_CFA_REGISTER | (10 << 4), 1)).row(0x200, kEnd).word(50, kText + 0x201);
  leaf.state().regs[10] = Walk::at(50);
  EXPECT_EQ(leaf.go(0x100, 0).stop, SONDE_STOP_COMPLETE);
  Walk caller;
  caller.row(0x100, rule(SONDE_CFA_RSP, 1)).row(0x200, rule(SONDE_CFA_REGISTER | (10 << 4), 1));
  caller.word(0, kText + 0x201);
  EXPECT_EQ(caller.go(0x100, 0).stop, SONDE_STOP_UNSUPPORTED);
}

TEST(UnwindStepTest, VforksReturnAddressIsInARegister) {
  Walk walk;
  sonde_row vfork = rule(SONDE_CFA_RSP, 0, SONDE_RBP_SAME | (SONDE_RA_REGISTER << 2), 5);
  walk.row(0x100, vfork).row(0x200, kEnd);
  walk.state().regs[5] = kText + 0x201;
  EXPECT_EQ(offsets(walk.go(0x100, 7)), (Offsets{0x100, 0x200}));
}

TEST(UnwindStepTest, ASignalFrameGivesBackEveryRegisterAndAnExactPc) {
  Walk walk;
  walk.row(0x100, rule(SONDE_CFA_SIGNAL, 0)).row(0x200, rule(SONDE_CFA_RSP, 1)).row(0x300, kEnd);
  const std::uint64_t context = 5;         // mcontext begins at ucontext + 40 bytes
  walk.word(context + 15, Walk::at(100));  // sp
  walk.word(context + 16, kText + 0x200);  // ip: the first byte, not one before
  walk.word(context + 10, 0xb0b);          // bp
  walk.word(100, kText + 0x301);
  const auto& u = walk.go(0x100, 0);
  EXPECT_EQ(offsets(u), (Offsets{0x100, 0x200, 0x300}));
  EXPECT_EQ(u.bp, 0xb0bU);
}

TEST(UnwindStepTest, AFrameOfMegabytesUsesBothParametersAsOneOffset) {
  Walk walk;  // CFA = rbp + 0x10002 words: rbp itself lies 0x10000 words below what is mapped
  walk.row(0x100, {.offset = 0,
                   .cfa = SONDE_CFA_FAR_RBP | (2 << 4),
                   .flags = 0,
                   .cfa_param = 2,
                   .rbp_param = 1})
      .row(0x200, kEnd)
      .word(20, 0xb0b)
      .word(21, kText + 0x201);
  const auto& u = walk.go(0x100, 3, Walk::at(20) - 0x10000 * 8);
  EXPECT_EQ(u.stop, SONDE_STOP_COMPLETE);
  EXPECT_EQ(u.sp, Walk::at(22));
  EXPECT_EQ(u.bp, 0xb0bU);
}

TEST(UnwindStepTest, ASignalTrampolineIsNamedByItsFirstByte) {
  Walk walk;
  walk.row(0x100, rule(SONDE_CFA_RSP, 1)).row(0x17f, rule(SONDE_CFA_SIGNAL, 0)).row(0x200, kEnd);
  walk.word(0, kText + 0x180);  // the handler returns to the trampoline at 0x180
  walk.word(1 + 5 + 15, Walk::at(100)).word(1 + 5 + 16, kText + 0x200);
  EXPECT_EQ(offsets(walk.go(0x100, 0)), (Offsets{0x100, 0x180, 0x200}));
}

TEST(UnwindStepTest, WithoutARowTheFramePointerLeadsOnAndIsTagged) {
  Walk walk;
  walk.row(0, rule(SONDE_CFA_NONE, 0)).row(0x200, kEnd).word(10, 0).word(11, kText + 0x201);
  const auto& u = walk.go(0x100, 5, Walk::at(10));
  EXPECT_EQ(u.stop, SONDE_STOP_COMPLETE);
  EXPECT_EQ(u.record.frames[0] & SONDE_IMAGE_FP, 0U);
  EXPECT_NE(u.record.frames[1] & SONDE_IMAGE_FP, 0U);
}

TEST(UnwindStepTest, AnImplausibleFramePointerEndsTheWalkWithTheReason) {
  for (const std::uint64_t bp :
       {Walk::at(2), Walk::at(10) + 1, Walk::at(1 << 20), std::uint64_t{7}}) {
    Walk walk;
    walk.row(0, rule(SONDE_CFA_NONE, 0));
    EXPECT_EQ(walk.go(0x100, 5, bp).stop, SONDE_STOP_NO_ROW) << bp;
  }
}

TEST(UnwindStepTest, AReturnAddressOutsideAllCodeFoundByFramePointerIsNoFrame) {
  Walk walk;
  walk.row(0, rule(SONDE_CFA_NONE, 0)).word(10, Walk::at(20)).word(11, 0xdeadbeef);
  const auto& u = walk.go(0x100, 5, Walk::at(10));
  EXPECT_EQ(u.stop, SONDE_STOP_FP_IMPLAUSIBLE);
  EXPECT_EQ(u.frame_count, 1U);
}

TEST(UnwindStepTest, GeneratedCodeIsWalkedByFramePointerUntilRbpIsZero) {
  Walk walk;
  walk.anonymous().word(10, 0).word(11, kText + 0x201);
  const auto& u = walk.go(0x100, 5, Walk::at(10));
  EXPECT_EQ(u.stop, SONDE_STOP_COMPLETE);
  EXPECT_EQ(u.frame_count, 2U);
  EXPECT_EQ(SONDE_FRAME_TAG(u.record.frames[0]), SONDE_TAG_USER_PC);
}

TEST(UnwindStepTest, UnpublishedRowsStopWithNoMappingAfterTheFrame) {
  Walk walk;
  const auto& u = walk.unpublished().go(0x100, 0);
  EXPECT_EQ(u.stop, SONDE_STOP_NO_MAPPING);
  EXPECT_EQ(u.frame_count, 1U);
}

TEST(UnwindStepTest, UnreadableStackIsAReadFault) {
  Walk walk;
  walk.row(0, rule(SONDE_CFA_RSP, 5000));
  EXPECT_EQ(walk.go(0x100, 0).stop, SONDE_STOP_READ_FAULT);
}

TEST(UnwindStepTest, AStackPointerThatDoesNotGrowIsALoop) {
  Walk walk;
  walk.row(0x100, rule(SONDE_CFA_RSP, 1)).row(0x200, rule(SONDE_CFA_RSP, 0));
  walk.word(0, kText + 0x201).word(1, kText + 0x201);
  EXPECT_EQ(walk.go(0x100, 1).stop, SONDE_STOP_LOOP);
}

TEST(UnwindStepTest, RecursionDeeperThanTheLimitStopsAtExactlyTheLimit) {
  Walk deep;
  deep.row(0x100, rule(SONDE_CFA_RSP, 1));
  for (std::uint64_t i = 0; i < 512; ++i) deep.word(i, kText + 0x101);
  const auto& u = deep.go(0x100, 0);
  EXPECT_EQ(u.stop, SONDE_STOP_DEPTH);
  EXPECT_EQ(u.frame_count, static_cast<std::uint32_t>(SONDE_MAX_USER_FRAMES));
}

TEST(UnwindStepTest, UnsupportedRulesAreNamedAsSuch) {
  Walk walk;
  walk.row(0, rule(SONDE_CFA_UNSUPPORTED, 0));
  EXPECT_EQ(walk.go(0x100, 0).stop, SONDE_STOP_UNSUPPORTED);
}

}  // namespace
}  // namespace sonde
