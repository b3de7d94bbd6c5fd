// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/kernel_symbols.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

constexpr const char* kText =
    "ffffffff81000000 T _stext\n"
    "ffffffff81000100 t do_work\n"
    "ffffffff81000100 T do_work_alias\n"
    "ffffffff81000200 D some_data\n"
    "ffffffff81000300 T later\n"
    "ffffffffc0001000 t probe\t[ext4]\n";

TEST(KernelSymbolsTest, AnAddressBelongsToTheFunctionBelowIt) {
  const auto symbols = KernelSymbols::parse(kText);
  ASSERT_TRUE(symbols.ok());
  EXPECT_EQ(symbols->find(0xffffffff81000010)->name, "_stext");
  EXPECT_EQ(symbols->find(0xffffffff81000250)->address, 0xffffffff81000100U);
  EXPECT_EQ(symbols->find(0xffffffff81000300)->module, "[kernel]");
}

TEST(KernelSymbolsTest, ModulesAreNamed) {
  const auto symbols = KernelSymbols::parse(kText);
  EXPECT_EQ(symbols->find(0xffffffffc0001004)->module, "ext4");
}

TEST(KernelSymbolsTest, AddressesOutsideAllTextHaveNoName) {
  const auto symbols = KernelSymbols::parse(kText);
  EXPECT_FALSE(symbols->find(0xffffffff80ffffff));
  EXPECT_FALSE(symbols->find(0xffffffffff000000));
}

TEST(KernelSymbolsTest, HiddenAddressesAreARestriction) {
  const auto symbols = KernelSymbols::parse("0000000000000000 T a\n0000000000000000 T b\n");
  ASSERT_FALSE(symbols.ok());
  EXPECT_EQ(symbols.error().code, ErrorCode::kPermissionDenied);
  EXPECT_TRUE(symbols.error().message.starts_with("kallsyms_restricted"));
}

TEST(KernelSymbolsTest, FunctionsThatCameLaterCountFirst) {
  auto symbols = KernelSymbols::parse(kText);
  ASSERT_TRUE(symbols.ok());
  EXPECT_TRUE(symbols->add(0xffffffffc0001004, 16, "bpf_prog_1_f"));
  EXPECT_EQ(symbols->find(0xffffffffc0001013)->name, "bpf_prog_1_f");
  EXPECT_EQ(symbols->find(0xffffffffc0001013)->module, "bpf");
  EXPECT_EQ(symbols->find(0xffffffffc0001014)->module, "ext4");
  EXPECT_TRUE(symbols->add(0xffffffffc0001004, 4, "bpf_prog_2_g"));
  EXPECT_EQ(symbols->find(0xffffffffc0001006)->name, "bpf_prog_2_g");
  bool room = true;
  for (std::uint64_t i = 0; i < 70'000; ++i) room = symbols->add(i * 16, 16, "f");
  EXPECT_FALSE(room);
  EXPECT_TRUE(symbols->add(0xffffffffc0001004, 4, "bpf_prog_3_h"));
}

TEST(KernelSymbolsTest, AFunctionTakesThePlaceOfThoseWhoseBytesItHas) {
  auto symbols = KernelSymbols::parse(kText);
  ASSERT_TRUE(symbols.ok());
  for (std::uint64_t begin = 0x1000; begin < 0x1100; begin += 0x40) {
    ASSERT_TRUE(symbols->add(begin, 0x40, "old"));
  }
  ASSERT_TRUE(symbols->add(0x1060, 0x40, "new"));
  EXPECT_EQ(symbols->find(0x103f)->name, "old");
  EXPECT_EQ(symbols->find(0x1040), std::nullopt) << "it is gone, or the new one would not be there";
  EXPECT_EQ(symbols->find(0x1060)->name, "new");
  EXPECT_EQ(symbols->find(0x109f)->name, "new");
  EXPECT_EQ(symbols->find(0x10a0), std::nullopt);
  EXPECT_EQ(symbols->find(0x10c0)->name, "old");
}

TEST(KernelSymbolsTest, NonsenseIsNoTable) {
  EXPECT_FALSE(KernelSymbols::parse("").ok());
  EXPECT_FALSE(KernelSymbols::parse("xyz\n\n12 T\n").ok());
}

}  // namespace
}  // namespace sonde
