// SPDX-License-Identifier: Apache-2.0
#include "core/base/proc_stat.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>

#include "core/base/file.h"

namespace sonde {
namespace {

TEST(ProcStatTest, TheCommMayHoldAnything) {
  const std::string rest =
      " S 1 2 3 0 -1 4194560 1 2 3 4 500 60 7 8 -2 0 1 0 99000 123456789 777 "
      "18446744073709551615\n";
  for (const std::string comm : {"sonde", "a b", "a) b (c", ") S 1 (", ")))", "\n", ""}) {
    const auto stat = parse_proc_stat("42 (" + comm + ")" + rest);
    ASSERT_TRUE(stat.ok()) << comm;
    EXPECT_EQ(stat->comm, comm);
    EXPECT_EQ(stat->parent, 1U);
    EXPECT_FALSE(stat->kernel_thread);
    EXPECT_EQ(stat->user_ticks, 500U);
    EXPECT_EQ(stat->system_ticks, 60U);
    EXPECT_EQ(stat->start_ticks, 99000U);
    EXPECT_EQ(stat->virtual_bytes, 123456789U);
    EXPECT_EQ(stat->resident_pages, 777U);
  }
}

TEST(ProcStatTest, AKernelThreadIsKnownByItsFlag) {
  const auto stat =
      parse_proc_stat("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0");
  ASSERT_TRUE(stat.ok());
  EXPECT_TRUE(stat->kernel_thread);
}

TEST(ProcStatTest, TornTextIsAnError) {
  for (const char* text : {"", "1", "1 (x", "1 (x)", "1 (x) S", "1 )x( S 1", "1 (x) S 1 2 3",
                           "42 (x) S a b c d e f g h i j k l m n o p q r s t u v",
                           "2 (x) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 1 0",
                           "2 (x) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0x",
                           "2 (x) S 0 0 0 0 -1 2129984 0 0 0 0 -1 0 0 0 20 0 1 0 1 0 0"}) {
    EXPECT_FALSE(parse_proc_stat(text).ok()) << text;
  }
}

TEST(ProcStatTest, TheKernelWritesItSo) {
  const auto text = read_file("/proc/self/stat", 4096);
  ASSERT_TRUE(text.ok());
  const auto stat = parse_proc_stat(*text);
  ASSERT_TRUE(stat.ok()) << *text;
  EXPECT_EQ(stat->parent, static_cast<std::uint32_t>(::getppid()));
  EXPECT_FALSE(stat->kernel_thread);
  EXPECT_GT(stat->virtual_bytes,
            stat->resident_pages * static_cast<std::uint64_t>(::getpagesize()));
  EXPECT_GT(stat->resident_pages, 0U);
}

}  // namespace
}  // namespace sonde
