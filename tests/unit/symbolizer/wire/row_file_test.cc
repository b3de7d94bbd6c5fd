// SPDX-License-Identifier: Apache-2.0
// The agent's check of what a worker, or a cache on disk, hands it as rows.
#include "symbolizer/wire/row_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <span>
#include <vector>

#include "symbolizer/wire/sealed_file.h"

namespace sonde {
namespace {

RowTable table() {
  RowTable out;
  out.first_page = 3;
  out.pages = {{0, 2}, {2, 0}, {2, 1}};
  out.rows = {{.offset = 0, .cfa = SONDE_CFA_RSP, .flags = 0, .cfa_param = 1, .rbp_param = 0},
              {.offset = 9, .cfa = SONDE_CFA_END, .flags = 0, .cfa_param = 0, .rbp_param = 0},
              {.offset = 0, .cfa = SONDE_CFA_FAR_RBP, .flags = 0, .cfa_param = -1, .rbp_param = 3}};
  return out;
}

std::vector<std::byte> flat(const RowTable& rows) {
  RowFileHeader header;
  std::vector<std::byte> bytes;
  for (const auto part : row_file_parts(rows, header)) {
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  return bytes;
}

Result<RowTable> read(std::span<const std::byte> bytes) {
  const auto file = make_sealed_file("row-file-test", std::span(&bytes, 1));
  return read_row_file(file->get(), 0, bytes.size());
}

constexpr std::size_t kFirstPage = sizeof(RowFileHeader);
constexpr std::size_t kFirstRow = kFirstPage + 3 * sizeof(sonde_page);

// True if the file is refused once the byte at `offset` is `value`.
bool is_refused(std::size_t offset, std::uint8_t value) {
  auto bytes = flat(table());
  bytes.at(offset) = static_cast<std::byte>(value);
  return !read(bytes).ok();
}

TEST(RowFileTest, ATableComesBackAsItWas) {
  const auto decoded = read(flat(table()));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(decoded->first_page, 3U);
  EXPECT_EQ(std::memcmp(decoded->rows.data(), table().rows.data(), 3 * sizeof(sonde_row)), 0);
}

TEST(RowFileTest, EveryTruncationIsRefused) {
  const auto bytes = flat(table());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(read(std::span(bytes).first(size)).ok()) << size;
  }
}

TEST(RowFileTest, AFileThatEndsBeforeItsTableIsRefused) {
  const auto bytes = flat(table());
  const auto part = std::span(bytes).first(bytes.size() - 1);
  const auto file = make_sealed_file("row-file-test", std::span(&part, 1));
  EXPECT_FALSE(read_row_file(file->get(), 0, bytes.size()).ok());
}

TEST(RowFileTest, WhatWasLeftOutKeepsItsNames) {
  RowFileHeader header;
  header.classes[static_cast<std::size_t>(RowClass::kFdeOverlap)] = 7;
  const RowTable rows = table();
  const auto file = make_sealed_file("row-file-test", row_file_parts(rows, header));
  const auto decoded = read_row_file(file->get(), 0, *sealed_size(file->get(), kMaxRowFileBytes));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(decoded->left_out.at("fde_overlap"), 7U);
  EXPECT_EQ(classes_of(*decoded), header.classes);
}

TEST(RowFileTest, PagesThatPointOutsideOrOverlapAreRefused) {
  EXPECT_TRUE(is_refused(kFirstPage, 1));                           // first row is not row 0
  EXPECT_TRUE(is_refused(kFirstPage + 4, 200));                     // more rows than there are
  EXPECT_TRUE(is_refused(kFirstPage + 2 * sizeof(sonde_page), 9));  // past the end
}

TEST(RowFileTest, RowsOutOfOrderOrWithUndefinedFieldsAreRefused) {
  EXPECT_TRUE(is_refused(kFirstRow, 10));                         // a page begins at offset 0
  EXPECT_TRUE(is_refused(kFirstRow + sizeof(sonde_row), 0));      // not ascending
  EXPECT_TRUE(is_refused(kFirstRow + 2, 15));                     // no such rule
  EXPECT_TRUE(is_refused(kFirstRow + 3, 0x80));                   // a reserved flag
  EXPECT_TRUE(is_refused(kFirstRow + 6, 1));                      // rbp is unchanged, no parameter
  EXPECT_TRUE(is_refused(kFirstRow + sizeof(sonde_row) + 4, 1));  // END has no parameter
}

TEST(RowFileTest, APageOfNothingButUsualRowsIsCheckedLikeAnyOther) {
  const sonde_row first{
      .offset = 0, .cfa = SONDE_CFA_RSP, .flags = 0, .cfa_param = 1, .rbp_param = 0};
  const sonde_row second{
      .offset = 1, .cfa = SONDE_CFA_RBP, .flags = SONDE_RBP_CFA, .cfa_param = 2, .rbp_param = -2};
  const auto is_read = [&](sonde_row last) {
    RowTable rows;
    rows.pages = {{0, 3}};
    rows.rows = {first, second, last};
    return read(flat(rows)).ok();
  };
  const auto row = [](std::uint16_t offset, int cfa, int flags, std::int16_t rbp_param) {
    return sonde_row{.offset = offset,
                     .cfa = static_cast<std::uint8_t>(cfa),
                     .flags = static_cast<std::uint8_t>(flags),
                     .cfa_param = 1,
                     .rbp_param = rbp_param};
  };
  EXPECT_TRUE(is_read(row(2, SONDE_CFA_RSP, SONDE_RBP_CFA, -2)));
  EXPECT_FALSE(is_read(row(1, SONDE_CFA_RSP, SONDE_RBP_CFA, -2)));         // not ascending
  EXPECT_FALSE(is_read(row(2, SONDE_CFA_RSP | 0x10, SONDE_RBP_CFA, -2)));  // no parameter there
  EXPECT_FALSE(is_read(row(2, SONDE_CFA_RSP, 0x80, -2)));                  // a reserved flag
  EXPECT_FALSE(is_read(row(2, SONDE_CFA_RSP, SONDE_RBP_SAME, -2)));        // rbp is unchanged
  EXPECT_FALSE(is_read(row(2, SONDE_CFA_NONE, 0, 0)));                     // NONE with a parameter
}

TEST(RowFileTest, AnotherVersionIsRefused) {
  EXPECT_TRUE(is_refused(offsetof(RowFileHeader, version), 0xff));
  EXPECT_TRUE(is_refused(0, 0));
}

}  // namespace
}  // namespace sonde
