// SPDX-License-Identifier: Apache-2.0
// Function frame descriptions in, one row table out: sorts, resolves overlaps, runs every call
// frame program and cuts the result into pages of the file.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/model/row_table.h"
#include "symbolizer/wire/row_file.h"
#include "symbolizer/worker/unwind/frame_section.h"
#include "symbolizer/worker/unwind/row_rule.h"

namespace sonde {

// A gap of this many bytes or more between two functions is marked as "no code known"; a smaller
// one is alignment padding and stays under the rule before it.
inline constexpr std::uint64_t kGapBytes = 16;

// What the kernel's row space can hold at most: a larger table could never be loaded.
inline constexpr std::size_t kMaxTableRows = std::size_t{SONDE_MAX_CHUNKS} << SONDE_CHUNK_SHIFT;

// Writes rows in ascending order of file offset. Equal neighbours are merged; the first row of
// each page repeats the rule in force.
class RowWriter {
 public:
  RowWriter(RowTable& table, RowClassCounts& classes) : table_(table), classes_(classes) {}

  // The rule holds from `file_offset` on; one given before for the same offset is replaced.
  // `unsupported` names why the rule is SONDE_CFA_UNSUPPORTED, counted per row written.
  void set(std::uint64_t file_offset, RowRule rule, std::optional<RowClass> unsupported = {}) {
    if (rule == rule_ && (file_offset >> SONDE_PAGE_SHIFT) == page_) return;
    if (!open_ || unsupported || (file_offset >> SONDE_PAGE_SHIFT) != page_) {
      set_any(file_offset, rule, unsupported);
      return;
    }
    rule_ = rule;
    push(static_cast<std::uint16_t>(file_offset & SONDE_PAGE_MASK), rule);
  }
  // Closes the last page. No set() after it.
  void finish() { close_page(); }

 private:
  void open_page(std::uint64_t page);
  void close_page();
  void push(std::uint16_t offset, RowRule rule) {
    const bool room = page_rows_ < SONDE_MAX_ROWS_PER_PAGE && table_.rows.size() < kMaxTableRows;
    if (room && (page_rows_ == 0 || table_.rows.back().offset != offset)) {
      table_.rows.push_back(rule.at(offset));
      ++page_rows_;
    } else {
      push_any(offset, rule);
    }
  }
  void set_any(std::uint64_t file_offset, RowRule rule, std::optional<RowClass> unsupported);
  void push_any(std::uint16_t offset, RowRule rule);
  void advance_to(std::uint64_t page);

  RowTable& table_;
  RowClassCounts& classes_;
  RowRule rule_;  // in force, whether or not there was room for its row
  std::uint64_t page_ = 0;
  std::uint32_t page_first_ = 0;
  std::uint32_t page_rows_ = 0;
  bool open_ = false;
};

// A rule that was not made of an FDE, in force from its place on up to the next one or an FDE.
struct PlacedRule {
  std::uint64_t file_offset = 0;
  RowRule rule;
};

// The FDEs by place, made disjoint (what they are cut to is written into them); those of
// .debug_frame, which come behind all of .eh_frame, count only where the latter describes nothing.
// Drops and cuts are counted in `classes`. cost: 20 ns an FDE.
std::vector<Fde*> prepare_fdes(LargeVector<Fde>& fdes, RowClassCounts& classes);

// Rows of prepared FDEs; `between`, ascending, fills the gaps between them and holds nowhere else.
// cost: about 45 ns a row.
void build_rows(std::span<Fde* const> fdes, std::span<const PlacedRule> between, RowTable& table,
                RowClassCounts& classes);

}  // namespace sonde
