// SPDX-License-Identifier: Apache-2.0
#include "exporters/pprof/foreign.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(ForeignTest, CpuNanosecondsWinsOverOtherNanoseconds) {
  const ValueChoice choice =
      choose_values({{"samples", "count"}, {"wall", "nanoseconds"}, {"cpu", "nanoseconds"}});
  EXPECT_EQ(choice.count, 0);
  EXPECT_EQ(choice.nanoseconds, 2);
  EXPECT_EQ(choice.other, -1);
}

TEST(ForeignTest, FirstNanosecondsWithoutCpuAndSamplesAlone) {
  EXPECT_EQ(choose_values({{"contentions", "count"}, {"delay", "nanoseconds"}}).nanoseconds, 1);
  const ValueChoice only = choose_values({{"samples", "count"}});
  EXPECT_EQ(only.count, 0);
  EXPECT_EQ(only.nanoseconds, -1);
  EXPECT_EQ(only.other, -1);
}

TEST(ForeignTest, HeapProfilesUseTheirLastType) {
  const ValueChoice choice = choose_values({{"inuse_objects", "count"}, {"inuse_space", "bytes"}});
  EXPECT_EQ(choice.other, 1);
  EXPECT_EQ(choice.count, -1);
}

TEST(ForeignTest, OriginFollowsFromThePath) {
  EXPECT_EQ(origin_of_path("/usr/bin/app"), Origin::kOwn);
  EXPECT_EQ(origin_of_path("/lib/libc.so.6"), Origin::kLibrary);
  EXPECT_EQ(origin_of_path("/opt/x/libfoo.so"), Origin::kLibrary);
  EXPECT_EQ(origin_of_path("[vdso]"), Origin::kLibrary);
  EXPECT_EQ(origin_of_path("[kernel.kallsyms]_text"), Origin::kKernel);
  EXPECT_EQ(origin_of_path("/lib/modules/6.1/nf.ko"), Origin::kKernel);
  EXPECT_EQ(origin_of_path("//anon"), Origin::kJit);
  EXPECT_EQ(origin_of_path(""), Origin::kOwn);
}

TEST(ForeignTest, UnnamedLocationsAreFilePlusAddress) {
  EXPECT_EQ(unresolved_name("/usr/bin/app", 0x4f20), "app+0x4f20");
  EXPECT_EQ(unresolved_name("", 16), "0x10");
}

}  // namespace
}  // namespace sonde
