// SPDX-License-Identifier: Apache-2.0
// The code of a file that no unwind table describes: where it lies, its bytes, what is known to
// begin there; and the rows that decoding it gives.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "core/base/sha256.h"
#include "symbolizer/wire/row_file.h"
#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/synth/code_walk.h"
#include "symbolizer/worker/unwind/frame_section.h"

namespace sonde {

// Of code in one file that is decoded. Code built without unwind tables on purpose and in bulk
// (browsers) has frame pointers, and rows of it would fill the kernel's table.
inline constexpr std::uint64_t kMaxBareBytes = 8U << 20;

class BareCode {
 public:
  BareCode() = default;
  // covered: what unwind tables describe, ascending. Gaps below 16 bytes are padding. A gap that
  // does not fit in what is left of the budget is left out whole. errors: those of ElfFile::read().
  // cost: for a file without gaps 1 ns an extent; symbols are read only if there are gaps.
  static Result<BareCode> load(const ElfFile& file, std::span<const PackedExtent> covered);

  [[nodiscard]] bool empty() const { return regions_.empty(); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  // Everything that rows() uses.
  void hash_into(Sha256& hash) const;
  // Rows by ascending file offset. Never fails: what cannot be known is counted in `classes`.
  // cost: 0.7 us an instruction.
  [[nodiscard]] std::vector<PlacedRule> rows(RowClassCounts& classes) const;
  // File offsets at which functions begin, ascending.
  [[nodiscard]] std::vector<std::uint64_t> starts() const;
  // One past the last byte of the region that holds this offset; 0 if none does.
  [[nodiscard]] std::uint64_t region_end(std::uint64_t file_offset) const;

 private:
  struct Region {
    std::uint64_t begin = 0;  // file offset
    ByteBuffer bytes;
    std::vector<CodeEntry> entries;
  };
  struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };
  static std::vector<Range> code_ranges(const ElfFile& file);
  Result<void> add_gaps(const ElfFile& file, const Range& range,
                        std::span<const PackedExtent> covered);
  Result<void> add_region(const ElfFile& file, std::uint64_t begin, std::uint64_t end);
  Region* find(std::uint64_t file_offset);
  void add_entry(std::uint64_t file_offset, EntryKind kind);
  void add_entries(const ElfFile& file);
  void add_symbols(const ElfFile& file);

  InstructionDecoder decoder_;
  std::vector<Region> regions_;
  std::uint64_t bytes_ = 0;        // in the regions
  std::uint64_t over_budget_ = 0;  // bytes left out
};

}  // namespace sonde
