// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/demangle.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(DemangleTest, CppNamesKeepTheirParameters) {
  EXPECT_EQ(demangle("_ZN3foo3barEiPKc"), "foo::bar(int, char const*)");
}

TEST(DemangleTest, LegacyRustNamesLoseTheirHash) {
  EXPECT_EQ(demangle("_ZN4core3ptr5write17h0123456789abcdefE"), "core::ptr::write");
}

TEST(DemangleTest, RustV0NamesAreUnderstood) {
  EXPECT_EQ(demangle("_RNvCs15kBYyAo9fc_7mycrate7example"), "mycrate::example");
}

TEST(DemangleTest, PlainNamesAndNonsenseAreLeftAlone) {
  EXPECT_EQ(demangle("main"), "");
  EXPECT_EQ(demangle("_Z"), "");
  EXPECT_EQ(demangle(""), "");
}

TEST(DemangleTest, HostileNamesNeitherRecurseNorGrowWithoutBound) {
  EXPECT_LE(demangle("_Z" + std::string(100'000, 'P') + "i").size(), 16U * 1024);
  std::string nested = "_Z1f";
  for (int i = 0; i < 2000; ++i) nested += "N1aI";
  EXPECT_LE(demangle(nested).size(), 16U * 1024);
}

}  // namespace
}  // namespace sonde
