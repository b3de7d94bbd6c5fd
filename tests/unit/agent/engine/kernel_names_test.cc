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
  names.apply({.begin = 0xffffffffff7f0000, .bytes = 64, .is_gone = true, .name = ""});
  EXPECT_EQ(names.symbols()->find(0xffffffffff7f0010)->name, "bpf_prog_1_late");
}

}  // namespace
}  // namespace sonde
