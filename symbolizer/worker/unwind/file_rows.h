// SPDX-License-Identifier: Apache-2.0
// What one file's rows are made of: its unwind tables, and the code that they do not describe.
// Loads the bytes once, hashes them, makes rows of the same bytes.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/base/sha256.h"
#include "core/model/row_table.h"
#include "symbolizer/wire/row_file.h"
#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/golang/stack_rules.h"
#include "symbolizer/worker/synth/bare_code.h"
#include "symbolizer/worker/unwind/frame_section.h"

namespace sonde {

// Code of one function.
struct CodeExtent {
  std::uint64_t begin = 0;   // file offset
  std::uint32_t length = 0;  // bytes
};

// The bytes that rows are made from, private to us: the file may change while they are used and
// the hash still names exactly what was parsed.
class FrameSource {
 public:
  // Reads .eh_frame; without section headers it is found through PT_GNU_EH_FRAME. Then the function
  // table of a Go program, or .debug_frame in any other. Then the code that they leave out. A file
  // with nothing of it is a valid, empty source.
  // errors: corrupt, too_large (256 MiB per section), unreadable.
  // cost: about 15 ns an FDE, and reading the tables and the code left out.
  static Result<FrameSource> load(ElfFile file);

  [[nodiscard]] bool has_unwind_tables() const { return !sections_.empty() || !go_.empty(); }
  // Whether there is anything to make rows of.
  [[nodiscard]] bool empty() const { return !has_unwind_tables() && bare_.empty(); }
  // SHA-256 over the executable segments' headers, then address, size and bytes of each section,
  // then the rules of Go's function table; then place, bytes and known entries of the code without
  // unwind tables. errors: libcrypto's. cost: 1 ms a MB of tables.
  [[nodiscard]] Result<Sha256Digest> sha256() const;

  // Makes the rows. Never fails: what cannot be read or expressed is counted in `classes`.
  RowTable build(RowClassCounts& classes) const;

  // Where each described function lies, ascending by begin. One function may have several
  // (its cold part lies elsewhere).
  [[nodiscard]] std::vector<CodeExtent> extents() const;
  // The same, and the code that is not described. The source is of no use afterwards.
  [[nodiscard]] std::vector<PackedExtent> take_covered() { return std::move(covered_); }
  [[nodiscard]] BareCode take_bare_code() { return std::move(bare_); }

 private:
  struct Section {
    ByteBuffer bytes;
    std::uint64_t vaddr = 0;
    bool debug = false;
    bool ends_at_zero = false;
  };
  explicit FrameSource(ElfFile file) : file_(std::move(file)) {}
  Result<void> load_eh_frame();
  Result<void> load_eh_frame_by_header();
  Result<void> load_debug_frame();
  static FrameBytes frame_bytes(const Section& source);
  void find_covered();
  std::vector<PlacedRule> rules_between(RowClassCounts& classes) const;

  ElfFile file_;
  std::vector<Section> sections_;
  GoStackRules go_;
  std::vector<PackedExtent> covered_;  // code that sections_ and go_ describe, ascending
  BareCode bare_;
};

}  // namespace sonde
