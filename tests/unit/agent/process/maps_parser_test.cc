// SPDX-License-Identifier: Apache-2.0
#include "agent/process/maps_parser.h"

#include <gtest/gtest.h>

#include <vector>

namespace sonde {
namespace {

TEST(MapsParserTest, AFileMappingIsReadWhole) {
  const auto entry = parse_maps_line(
      "7f1c2a000000-7f1c2a155000 r-xp 00026000 fe:01 131090                     "
      "/usr/lib/libc.so.6");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->begin, 0x7f1c2a000000U);
  EXPECT_EQ(entry->end, 0x7f1c2a155000U);
  EXPECT_TRUE(entry->executable);
  EXPECT_EQ(entry->file_offset, 0x26000U);
  EXPECT_EQ(entry->device_major, 0xfeU);
  EXPECT_EQ(entry->device_minor, 1U);
  EXPECT_EQ(entry->inode, 131090U);
  EXPECT_EQ(entry->path, "/usr/lib/libc.so.6");
  EXPECT_FALSE(entry->deleted);
}

TEST(MapsParserTest, NamesWithSpacesNewlinesAndDeletedAreUndone) {
  const auto entry = parse_maps_line("1000-2000 r-xp 00000000 00:01 5 /tmp/a b\\012c (deleted)");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->path, "/tmp/a b\nc");
  EXPECT_TRUE(entry->deleted);
}

TEST(MapsParserTest, AnonymousMappingsHaveNoPath) {
  const auto entry = parse_maps_line("1000-2000 rwxp 00000000 00:00 0 ");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->inode, 0U);
  EXPECT_EQ(entry->path, "");
  EXPECT_TRUE(parse_maps_line("1000-2000 rwxp 00000000 00:00 0"));
}

TEST(MapsParserTest, TornLinesAreRefused) {
  const std::string whole = "1000-2000 r-xp 00000000 08:01 77 /bin/x";
  for (std::size_t size = 0; size < whole.find("77"); ++size) {
    EXPECT_FALSE(parse_maps_line(whole.substr(0, size))) << size;
  }
  EXPECT_FALSE(parse_maps_line("2000-1000 r-xp 00000000 08:01 77 /bin/x"));
  EXPECT_FALSE(parse_maps_line("1001-2000 r-xp 00000000 08:01 77 /bin/x"));
}

TEST(MapsParserTest, OnlyExecutableEntriesAreHandedOutAndBadLinesCounted) {
  std::vector<std::string> paths;
  const auto bad = parse_executable_maps(
      "1000-2000 r--p 00000000 08:01 1 /a\n2000-3000 r-xp 00000000 08:01 1 /b\ngarbage\n"
      "4000-5000 r-xp 00000000 08:01 1 /c",
      [&](MapsEntry&& entry) { paths.push_back(entry.path); });
  EXPECT_EQ(paths, (std::vector<std::string>{"/b", "/c"}));
  EXPECT_EQ(bad, 1U);
}

}  // namespace
}  // namespace sonde
