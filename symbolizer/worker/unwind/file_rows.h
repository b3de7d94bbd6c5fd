// SPDX-License-Identifier: Apache-2.0
// One file's unwind tables: loads their bytes once, hashes them, makes rows of the same bytes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/model/row_table.h"
#include "symbolizer/wire/row_file.h"
#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/unwind/frame_section.h"

namespace sonde {

// Code that one frame description covers.
struct CodeExtent {
  std::uint64_t begin = 0;   // file offset
  std::uint32_t length = 0;  // bytes
};

// The bytes that rows are made from, private to us: the file may change while they are used and
// the hash still names exactly what was parsed.
class FrameSource {
 public:
  // Reads .eh_frame and .debug_frame; without section headers .eh_frame is found through
  // PT_GNU_EH_FRAME. A file with neither is a valid, empty source.
  // errors: corrupt, too_large (256 MiB per section), unreadable.
  static Result<FrameSource> load(ElfFile file);

  [[nodiscard]] bool empty() const { return sections_.empty(); }
  // SHA-256 over the executable segments' headers, then address, size and bytes of each section.
  [[nodiscard]] const std::array<std::uint8_t, 32>& sha256() const { return sha256_; }

  // Makes the rows. Never fails: what cannot be read or expressed is counted in `classes`.
  RowTable build(RowClassCounts& classes) const;

  // Where each described function lies, ascending by begin. One function may have several
  // (its cold part lies elsewhere). cost: about 20 ns each.
  [[nodiscard]] std::vector<CodeExtent> extents() const;

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
  Result<void> hash();

  ElfFile file_;
  std::vector<Section> sections_;
  std::array<std::uint8_t, 32> sha256_{};
};

}  // namespace sonde
