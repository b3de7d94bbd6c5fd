// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/kernel_names.h"

#include <gtest/gtest.h>

#include "tests/support/require.h"

namespace sonde {
namespace {

constexpr std::string_view kBefore =
    "ext4 987136 2 - Live 0xffffffffc0a00000\n"
    "jbd2 159744 1 ext4, Live 0xffffffffc09d0000\n";

TEST(KernelNamesTest, AModuleIsNewByItsNameOrItsPlace) {
  EXPECT_FALSE(has_new_module(kBefore, kBefore));
  EXPECT_TRUE(
      has_new_module(kBefore, std::string(kBefore) + "loop 1 0 - Live 0xffffffffc0b00000\n"));
  EXPECT_TRUE(has_new_module(kBefore, "ext4 987136 2 - Live 0xffffffffc0c00000 (OE)\n"));
  EXPECT_TRUE(has_new_module("", kBefore));
}

TEST(KernelNamesTest, UsersThatChangeAndModulesThatGoAreNothingNew) {
  EXPECT_FALSE(has_new_module(kBefore, "ext4 987136 7 a,b, Live 0xffffffffc0a00000 (OE)\n"));
  EXPECT_FALSE(has_new_module(kBefore, ""));
}

TEST(KernelNamesTest, TextWithoutAddressesIsNoModule) {
  EXPECT_FALSE(has_new_module(kBefore, "ext4\n\nLive\n"));
}

TEST(KernelNamesTest, WhatEventsSaidOutlivesANewLookAtTheTable) {
  SONDE_NEED_ROOT();
  KernelNames names;
  ASSERT_TRUE(names.load().ok());
  const std::size_t known = names.symbols()->size();
  names.apply({.begin = 0xffffffffff7f0000, .bytes = 64, .name = "bpf_prog_1_late"});
  names.refresh(true);
  EXPECT_GE(names.symbols()->size() + 1000, known);
  const auto found = names.symbols()->find(0xffffffffff7f0010);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->name, "bpf_prog_1_late");
}

TEST(KernelNamesTest, WhatIsGoneHasItsNameAsLongAsSamplesFromBeforeCanCome) {
  SONDE_NEED_ROOT();
  constexpr std::uint64_t kBegin = 0xffffffffff7f0000;
  KernelNames names;
  ASSERT_TRUE(names.load().ok());
  names.apply({.time_ns = 10, .begin = kBegin, .bytes = 64, .name = "bpf_prog_1_late"});
  names.apply({.time_ns = 20, .begin = kBegin, .bytes = 64, .is_gone = true, .name = ""});
  names.forget_gone_before(20);
  EXPECT_EQ(names.symbols()->find(kBegin + 16)->name, "bpf_prog_1_late");
  names.forget_gone_before(21);
  EXPECT_FALSE(names.symbols()->was_added(kBegin));
  names.apply({.time_ns = 30, .begin = kBegin, .bytes = 64, .name = "bpf_prog_2"});
  names.forget_gone_before(100);
  EXPECT_EQ(names.symbols()->find(kBegin + 16)->name, "bpf_prog_2") << "it came after one went";
  names.refresh(true);
  names.forget_gone_before(~std::uint64_t{0});
  EXPECT_FALSE(names.symbols()->was_added(kBegin)) << "its end may be among what was lost";
}

TEST(KernelNamesTest, ASessionThatLastsTakesAnyNumberOfFunctions) {
  SONDE_NEED_ROOT();
  KernelNames names;
  ASSERT_TRUE(names.load().ok());
  for (std::uint64_t i = 1; i <= 200'000; ++i) {
    names.apply({.time_ns = i, .begin = i * 64, .bytes = 64, .name = "f"});
    names.apply({.time_ns = i, .begin = i * 64, .bytes = 64, .is_gone = true, .name = ""});
    if (i % 10'000 == 0) names.forget_gone_before(i);
  }
  EXPECT_EQ(names.refused(), 0U);
}

}  // namespace
}  // namespace sonde
