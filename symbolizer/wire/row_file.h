// SPDX-License-Identifier: Apache-2.0
// The flat form of a RowTable: what the worker seals into a memfd and what the disk cache holds.
// Layout: RowFileHeader, page_count x sonde_page, row_count x sonde_row; nothing else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/model/row_table.h"

namespace sonde {

// X(id, name, meaning). What the row builder could not express or left out, counted by class.
// The first group counts rows of kind SONDE_CFA_UNSUPPORTED, the second one FDEs, the third what
// decoding code without unwind tables left open; there a frame-pointer step is tried.
#define SONDE_ROW_CLASSES(X)                                                                   \
  X(CfaExpression, "cfa_expression", "rows: the CFA is an expression of unknown form")         \
  X(CfaRegister, "cfa_register", "rows: the CFA is relative to a register past r15")           \
  X(CfaRange, "cfa_range", "rows: the CFA offset is no multiple of 8 or too large")            \
  X(RbpExpression, "rbp_expression", "rows: rbp is saved at an expression of unknown form")    \
  X(RbpRegister, "rbp_register", "rows: rbp is kept in another register")                      \
  X(RbpValue, "rbp_value", "rows: rbp is computed, not saved")                                 \
  X(RbpRange, "rbp_range", "rows: the offset of rbp is no multiple of 8 or too large")         \
  X(ReturnAddress, "return_address", "rows: the return address is not where calls put it")     \
  X(SignalLayout, "signal_layout", "rows: a signal frame that is not the kernel's ucontext")   \
  X(Opcode, "opcode", "rows: an unknown or cut instruction, from there to the function's end") \
  X(GoSwitch, "go_switch", "rows: a stack switch of a Go runtime whose layout is not known")   \
  X(PageFull, "page_full", "rows: a page has more rows than fit")                              \
  X(FdeOutside, "fde_outside", "FDEs of code that is not in an executable segment")            \
  X(FdeOverlap, "fde_overlap", "FDEs cut or dropped because another one covers their code")    \
  X(FdeUnreadable, "fde_unreadable", "FDEs that cannot be read, or their CIE cannot")          \
  X(SectionCut, "section_cut", "sections that end inside an entry")                            \
  X(PagesCut, "pages_cut", "FDEs past the largest page range of one file")                     \
  X(SynthCfa, "synth_cfa", "instructions without unwind tables whose frame is not known")      \
  X(SynthRbp, "synth_rbp", "instructions without unwind tables that lost the caller's rbp")    \
  X(SynthConflict, "synth_conflict", "jumps in such code that disagree about the frame")       \
  X(SynthReturn, "synth_return", "returns in such code that are not at the return address")    \
  X(SynthUndecoded, "synth_undecoded", "bytes of such code that are no instruction")           \
  X(SynthBudget, "synth_budget", "bytes of such code past 8 MiB in one file, not decoded")     \
  X(GoBudget, "go_budget", "rules of a Go program past the most that one file may have")

enum class RowClass : std::uint8_t {
#define X(id, name, help) k##id,
  SONDE_ROW_CLASSES(X)
#undef X
};
#define X(id, name, help) +1
inline constexpr std::size_t kRowClassCount = 0 SONDE_ROW_CLASSES(X);
#undef X
// Classes before this one count rows of kind SONDE_CFA_UNSUPPORTED.
inline constexpr std::size_t kRowClassFirstFde = static_cast<std::size_t>(RowClass::kFdeOutside);

using RowClassCounts = std::array<std::uint64_t, kRowClassCount>;
std::string_view to_string(RowClass row_class);

// Raise when the same bytes may give other rows: cached files of other versions are misses.
inline constexpr std::uint32_t kRowFormatVersion = 8;
inline constexpr std::uint32_t kRowFileMagic = 0x776f7253;  // "Srow"

struct RowFileHeader {
  std::uint32_t magic = kRowFileMagic;
  std::uint32_t version = kRowFormatVersion;
  std::uint64_t first_page = 0;
  std::uint64_t page_count = 0;
  std::uint64_t row_count = 0;
  RowClassCounts classes{};
};

// The counts of a table by their names in `left_out`.
RowClassCounts classes_of(const RowTable& table);
// The three parts of a table's flat form, in order. They point into `header` and `table`; fills
// in the header's sizes, the classes stay as they are.
std::array<std::span<const std::byte>, 3> row_file_parts(const RowTable& table,
                                                         RowFileHeader& header);
// Of the largest valid file.
inline constexpr std::uint64_t kMaxRowFileBytes = std::uint64_t{64} << 20;

// Copies `bytes` bytes at `offset` of an open file and checks every one of them: nothing an
// attacker writes can give a table that is out of range, out of order or has undefined fields.
// errors  worker_protocol: what is wrong with which page or row; those of pread(2).
// cost    about 4 ns a row.
Result<RowTable> read_row_file(int fd, std::uint64_t offset, std::uint64_t bytes);

}  // namespace sonde
