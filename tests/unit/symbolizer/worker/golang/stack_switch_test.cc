// SPDX-License-Identifier: Apache-2.0
// The runtime's functions as two releases of Go have them.
#include "symbolizer/worker/golang/stack_switch.h"

#include <gtest/gtest.h>

#include <vector>

namespace sonde {
namespace {

using Bytes = std::vector<std::uint8_t>;

// systemstack of Go 1.19: no frame, the thread's stack from rbx to rsp at 0x1e, back at 0x3a.
const Bytes kSystemStack119 = {
    0x48, 0x8b, 0x7c, 0x24, 0x08,                          // mov 0x8(%rsp), %rdi
    0x64, 0x48, 0x8b, 0x04, 0x25, 0xf8, 0xff, 0xff, 0xff,  // mov %fs:-8, %rax
    0x48, 0x3b, 0x83, 0xc0, 0x00, 0x00, 0x00,              // cmp 0xc0(%rbx), %rax
    0xe8, 0x00, 0x00, 0x00, 0x00,                          // call gosave_systemstack_switch
    0x48, 0x8b, 0x5a, 0x38,                                // mov 0x38(%rdx), %rbx
    0x48, 0x89, 0xdc,                                      // mov %rbx, %rsp
    0x48, 0x8b, 0x3f,                                      // mov (%rdi), %rdi
    0xff, 0xd7,                                            // call *%rdi
    0x48, 0x8b, 0x60, 0x38,                                // mov 0x38(%rax), %rsp
    0xc3,                                                  // ret
};

// The same of 1.26, relocatable: with a frame, and the thread pointer's offset in rcx.
const Bytes kSystemStack126 = {
    0x55, 0x48, 0x89, 0xe5,                    // push %rbp; mov %rsp, %rbp
    0x48, 0x8b, 0x7c, 0x24, 0x10,              // mov 0x10(%rsp), %rdi
    0x48, 0xc7, 0xc1, 0xf0, 0xff, 0xff, 0xff,  // mov $-16, %rcx
    0x64, 0x48, 0x8b, 0x01,                    // mov %fs:(%rcx), %rax
    0x48, 0x3b, 0x83, 0xb8, 0x00, 0x00, 0x00,  // cmp 0xb8(%rbx), %rax
    0x48, 0x8b, 0x62, 0x38,                    // mov 0x38(%rdx), %rsp
    0xff, 0xd7,                                // call *%rdi
    0x48, 0x8b, 0x60, 0x38,                    // mov 0x38(%rax), %rsp
    0x5d, 0xc3, 0xcc, 0xcc,                    // pop %rbp; ret
};

// asmcgocall of 1.19: C on the thread's stack, or where it is.
const Bytes kCallC119 = {
    0x48, 0x89, 0xe2,              // mov %rsp, %rdx
    0xe8, 0x00, 0x00, 0x00, 0x00,  // call gosave_systemstack_switch
    0x48, 0x8b, 0x66, 0x38,        // mov 0x38(%rsi), %rsp
    0x48, 0x83, 0xe4, 0xf0,        // and $-16, %rsp
    0xff, 0xd0,                    // call *%rax
    0x48, 0x89, 0xf4,              // mov %rsi, %rsp
    0xc3,                          // ret
    0x48, 0x83, 0xec, 0x40,        // sub $0x40, %rsp
    0x48, 0x83, 0xe4, 0xf0,        // and $-16, %rsp
    0x48, 0x89, 0x54, 0x24, 0x28,  // mov %rdx, 0x28(%rsp)
    0xff, 0xd0,                    // call *%rax
    0x48, 0x8b, 0x74, 0x24, 0x28,  // mov 0x28(%rsp), %rsi
    0x48, 0x89, 0xf4,              // mov %rsi, %rsp
    0xc3, 0xcc,                    // ret
};

constexpr GoSwitch kKnown{.tls_words = -1, .curg_words = 24};

std::vector<PlacedRule> rules_of(GoSpecial special, const Bytes& code,
                                 const GoSwitch& layout = kKnown) {
  const InstructionDecoder decoder;
  return switched_rules(special, 0x1000, code, layout, decoder);
}

int kind(const PlacedRule& rule) { return SONDE_ROW_CFA_KIND(rule.rule.at(0)); }
int aux(const PlacedRule& rule) { return SONDE_ROW_CFA_AUX(rule.rule.at(0)); }

TEST(GoSwitchTest, TheLayoutIsReadFromSystemstack) {
  const GoSwitch old = read_go_switch(kSystemStack119);
  EXPECT_EQ(old.tls_words, -1);
  EXPECT_EQ(old.curg_words, 24);
  EXPECT_TRUE(old.is_known());
  const GoSwitch relocatable = read_go_switch(kSystemStack126);
  EXPECT_EQ(relocatable.tls_words, -2);
  EXPECT_EQ(relocatable.curg_words, 23);
  EXPECT_FALSE(read_go_switch(kCallC119).is_known());
}

TEST(SwitchedRulesTest, WithoutAFrameTheGoroutineIsFoundByTheRuntimesRecords) {
  const auto rules = rules_of(GoSpecial::kSystemStack, kSystemStack119);
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].file_offset, 0x1000U + 33);  // behind mov %rbx, %rsp
  EXPECT_EQ(kind(rules[0]), SONDE_CFA_GO_SWITCH);
  EXPECT_EQ(aux(rules[0]), SONDE_GO_BY_G);
  EXPECT_EQ(rules[0].rule.at(0).cfa_param, -1);
  EXPECT_EQ(rules[0].rule.at(0).rbp_param, 24);
  EXPECT_EQ(rules[1].file_offset, 0x1000U + 42);  // behind mov 0x38(%rax), %rsp
  EXPECT_TRUE(rules[1].rule.is_none());
}

TEST(SwitchedRulesTest, WithAFrameItIsFoundByTheFramePointer) {
  const auto rules = rules_of(GoSpecial::kSystemStack, kSystemStack126);
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(kind(rules[0]), SONDE_CFA_GO_SWITCH);
  EXPECT_EQ(aux(rules[0]), SONDE_GO_BY_RBP);
}

TEST(SwitchedRulesTest, CRunsOnTheThreadsStackOrWhereItIs) {
  const auto rules = rules_of(GoSpecial::kCallC, kCallC119);
  ASSERT_EQ(rules.size(), 4U);
  EXPECT_EQ(kind(rules[0]), SONDE_CFA_GO_SWITCH);
  EXPECT_EQ(kind(rules[2]), SONDE_CFA_DEREF_RSP);
  EXPECT_EQ(rules[2].rule.at(0).cfa_param, 0x28 / 8 * 16 + 1);
}

// go_switch
TEST(SwitchedRulesTest, AnUnknownLayoutIsNamed) {
  const auto rules = rules_of(GoSpecial::kSystemStack, kSystemStack119, GoSwitch{});
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(kind(rules[0]), SONDE_CFA_UNSUPPORTED);
}

TEST(SwitchedRulesTest, LeavingForGoodEndsTheStackUpToTheFunctionsEnd) {
  const Bytes mcall = {0x49, 0x8b, 0x66, 0x38, 0x41, 0xff, 0xd4, 0x58, 0xc3};
  const auto rules = rules_of(GoSpecial::kLeave, mcall);
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].file_offset, 0x1000U + 4);
  EXPECT_EQ(kind(rules[0]), SONDE_CFA_END);
  // The last byte is left: it may say what is returned to behind it.
  EXPECT_EQ(rules[1].file_offset, 0x1000U + 8);
}

TEST(GoSpecialTest, FunctionsAreKnownByTheirWholeName) {
  EXPECT_EQ(go_special("runtime.systemstack"), GoSpecial::kSystemStack);
  EXPECT_EQ(go_special("runtime.systemstack_switch"), GoSpecial::kReturnedTo);
  EXPECT_EQ(go_special("main.systemstack"), GoSpecial::kNone);
  EXPECT_EQ(go_special(""), GoSpecial::kNone);
}

}  // namespace
}  // namespace sonde
