// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/wire/row_file.h"

#include "core/base/file.h"
#include "symbolizer/wire/reason.h"

namespace sonde {
namespace {

static_assert(sizeof(RowFileHeader) == 32 + 8 * kRowClassCount);

constexpr std::uint64_t kMaxRows = std::uint64_t{SONDE_MAX_CHUNKS} << SONDE_CHUNK_SHIFT;
static_assert(kMaxRows * sizeof(sonde_row) + SONDE_MAX_PAGES * sizeof(sonde_page) +
                  sizeof(RowFileHeader) <=
              kMaxRowFileBytes);
constexpr std::uint8_t kReservedFlags =
    0xff & ~(3U | 4U | SONDE_ROW_NOT_CALLED | SONDE_ROW_SYNTHESISED | SONDE_ROW_RUNTIME);

constexpr std::array<std::string_view, kRowClassCount> kClassNames = {
#define X(id, name, help) name,
    SONDE_ROW_CLASSES(X)
#undef X
};

Error bad(std::string_view what) { return refuse(Reason::kWorkerProtocol, what); }

// Fills `out` from the file and moves `offset` behind it.
template <typename T>
Result<void> read_into(int fd, std::span<T> out, std::uint64_t& offset) {
  const auto bytes = std::as_writable_bytes(out);
  auto got = pread_full(fd, bytes, static_cast<std::size_t>(offset));
  if (!got) return got.error();
  if (*got != bytes.size()) return bad("a row table that is cut");
  offset += bytes.size();
  return {};
}

// The forms that nearly all rows have: CFA at rsp or rbp, return address on the stack.
bool is_common(const sonde_row& row) {
  const bool cfa = row.cfa - unsigned{SONDE_CFA_RSP} <= SONDE_CFA_RBP - SONDE_CFA_RSP;
  const bool flags = (row.flags & (kReservedFlags | 4U)) == 0;
  const bool rbp = (SONDE_ROW_RBP_KIND(row) != SONDE_RBP_SAME) | (row.rbp_param == 0);
  return cfa & flags & rbp;
}

// Whether every field of a row has a meaning.
bool is_defined(const sonde_row& row) {
  const unsigned kind = SONDE_ROW_CFA_KIND(row);
  const unsigned aux = SONDE_ROW_CFA_AUX(row);
  if ((row.flags & kReservedFlags) != 0) return false;
  // Both parameters are one offset there.
  if (kind == SONDE_CFA_FAR_RSP || kind == SONDE_CFA_FAR_RBP) return (row.flags & 7U) == 0;
  if (kind == SONDE_CFA_GO_SWITCH) return aux <= SONDE_GO_BY_RBP && (row.flags & 7U) == 0;
  const unsigned rbp = SONDE_ROW_RBP_KIND(row);
  if (SONDE_ROW_RA_KIND(row) == SONDE_RA_REGISTER) {
    if (rbp != SONDE_RBP_SAME || row.rbp_param < 0 || row.rbp_param > 15) return false;
  } else if (rbp == SONDE_RBP_SAME && row.rbp_param != 0) {
    return false;
  }
  switch (kind) {
    case SONDE_CFA_RSP:
    case SONDE_CFA_RBP:
    case SONDE_CFA_DEREF_RSP:
    case SONDE_CFA_DEREF_RBP:
      return aux == 0;
    case SONDE_CFA_REGISTER:
    case SONDE_CFA_PLT:
      return true;
    case SONDE_CFA_NONE:
    case SONDE_CFA_SIGNAL:
    case SONDE_CFA_END:
    case SONDE_CFA_UNSUPPORTED:
    case SONDE_CFA_FRAME_POINTER:
      return aux == 0 && row.cfa_param == 0 && row.rbp_param == 0 && (row.flags & 7U) == 0;
    default:
      return false;
  }
}

Result<void> check_header(const RowFileHeader& header, std::uint64_t bytes) {
  if (header.magic != kRowFileMagic) return bad("no row table");
  if (header.version != kRowFormatVersion) return bad("a row table of another version");
  if (header.page_count > SONDE_MAX_PAGES || header.row_count > kMaxRows ||
      header.first_page > SONDE_TABLE_BASE_MASK ||
      header.first_page + header.page_count > SONDE_TABLE_BASE_MASK + 1) {
    return bad("a row table out of range");
  }
  if (bytes != sizeof(RowFileHeader) + header.page_count * sizeof(sonde_page) +
                   header.row_count * sizeof(sonde_row)) {
    return bad("a row table of the wrong size");
  }
  return {};
}

// Whether all rows of a page are of these forms and in order: what nearly every page is, told
// without a branch a row.
bool are_common(std::span<const sonde_row> rows) {
  unsigned odd = rows[0].offset != 0 || !is_common(rows[0]) ? 1 : 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    odd |= static_cast<unsigned>(rows[i].offset <= rows[i - 1].offset) |
           static_cast<unsigned>(!is_common(rows[i]));
  }
  return odd == 0;
}

std::string where(std::size_t page) { return "page " + std::to_string(page) + ": "; }

// Checks one page's rows; adds its unsupported ones to the table's count.
Result<void> check_page(RowTable& table, std::size_t page, std::uint64_t next_row) {
  const sonde_page& entry = table.pages[page];
  if (entry.count > SONDE_MAX_ROWS_PER_PAGE || entry.first != next_row ||
      entry.count > table.rows.size() - next_row) {
    return bad(where(page) + "rows out of range");
  }
  if (entry.count == 0) return {};
  const std::span rows(table.rows.data() + entry.first, entry.count);
  if (are_common(rows)) return {};
  if (rows[0].offset != 0) return bad(where(page) + "no row at its start");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i > 0 && rows[i].offset <= rows[i - 1].offset)
      return bad(where(page) + "rows out of order");
    if (!is_defined(rows[i])) return bad(where(page) + "an undefined row");
    if (SONDE_ROW_CFA_KIND(rows[i]) == SONDE_CFA_UNSUPPORTED) ++table.unsupported_rows;
  }
  return {};
}

}  // namespace

std::string_view to_string(RowClass row_class) {
  const auto index = static_cast<std::size_t>(row_class);
  return index < kClassNames.size() ? kClassNames[index] : "unknown";
}

std::array<std::span<const std::byte>, 3> row_file_parts(const RowTable& table,
                                                         RowFileHeader& header) {
  header.first_page = table.first_page;
  header.page_count = table.pages.size();
  header.row_count = table.rows.size();
  return {std::as_bytes(std::span(&header, 1)), std::as_bytes(std::span(table.pages)),
          std::as_bytes(std::span(table.rows))};
}

RowClassCounts classes_of(const RowTable& table) {
  RowClassCounts classes{};
  for (std::size_t i = 0; i < kRowClassCount; ++i) {
    const auto found = table.left_out.find(std::string(kClassNames[i]));
    if (found != table.left_out.end()) classes[i] = found->second;
  }
  return classes;
}

Result<RowTable> read_row_file(int fd, std::uint64_t offset, std::uint64_t bytes) {
  RowFileHeader header;
  if (bytes < sizeof(header)) return bad("a row table that is too short");
  if (auto got = read_into(fd, std::span(&header, 1), offset); !got) return got.error();
  if (auto checked = check_header(header, bytes); !checked) return checked.error();

  RowTable table;
  table.first_page = header.first_page;
  table.pages.resize(static_cast<std::size_t>(header.page_count));
  table.rows.resize(static_cast<std::size_t>(header.row_count));
  if (auto got = read_into(fd, std::span(table.pages), offset); !got) return got.error();
  if (auto got = read_into(fd, std::span(table.rows), offset); !got) return got.error();
  std::uint64_t next_row = 0;
  for (std::size_t page = 0; page < table.pages.size(); ++page) {
    if (auto checked = check_page(table, page, next_row); !checked) return checked.error();
    next_row += table.pages[page].count;
  }
  if (next_row != table.rows.size()) return bad("rows that belong to no page");
  for (std::size_t i = 0; i < kRowClassCount; ++i) {
    if (header.classes[i] > 0) table.left_out[std::string(kClassNames[i])] = header.classes[i];
  }
  return table;
}

}  // namespace sonde
