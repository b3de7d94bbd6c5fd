// SPDX-License-Identifier: Apache-2.0
// Call frame sections (.eh_frame and .debug_frame): their CIEs and FDEs, found by walking the
// section itself. .eh_frame_hdr, which a linker may leave stale, is never trusted.
// Sources: DWARF 5 section 6.4, LSB 5.0 "Exception Frames".
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/base/large_memory.h"
#include "symbolizer/worker/elf/byte_reader.h"
#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/unwind/cfi_state.h"

namespace sonde {

// One section in memory. `debug` chooses the .debug_frame form of ids and pointers.
struct FrameBytes {
  ByteSpan bytes;
  std::uint64_t vaddr = 0;  // of bytes[0]: base of pc-relative pointers
  bool debug = false;
  bool ends_at_zero = false;  // the size is a guess: a zero length is the end
};

struct Cie {
  CfiProgram program;  // how to read this CIE's instructions and those of its FDEs
  RuleState initial;   // after the CIE's own instructions
  std::uint8_t pointer_encoding = 0;
  bool signal_frame = false;
  bool sized_augmentation = false;  // 'z': FDEs have an augmentation length
  bool usable = false;
};

// One function's frame description, already placed in the file.
struct Fde {
  std::uint64_t begin = 0;   // file offset of the first byte
  std::uint64_t vaddr = 0;   // its virtual address
  std::uint32_t length = 0;  // bytes of code
  std::uint32_t cie = 0;     // index into FrameSection::cies()
  ByteSpan instructions;
  const class FrameSection* section = nullptr;
};

// Where the code of one FDE lies, in one word so that many sort fast: file offset << 32 | bytes.
// Offsets from 4 GiB on, out of reach of any table, have none.
class PackedExtent {
 public:
  PackedExtent(std::uint64_t begin, std::uint32_t length) : bits_(begin << 32U | length) {}
  [[nodiscard]] std::uint64_t begin() const { return bits_ >> 32U; }
  [[nodiscard]] std::uint32_t length() const { return static_cast<std::uint32_t>(bits_); }
  [[nodiscard]] std::uint64_t end() const { return begin() + length(); }
  auto operator<=>(const PackedExtent&) const = default;

 private:
  std::uint64_t bits_;
};

// What a walk left out.
struct FrameSectionCounts {
  std::uint64_t outside_code = 0;  // FDEs of discarded functions, or not in an executable segment
  std::uint64_t bad_cie = 0;       // FDEs whose CIE cannot be read
  std::uint64_t truncated = 0;     // the section ends inside an entry
};

// Must stay at its address while its FDEs are used.
class FrameSection {
 public:
  explicit FrameSection(FrameBytes bytes) : bytes_(bytes) {}
  // Appends every FDE of the section in section order. cost: about 10 ns an FDE.
  void collect(const ElfFile& file, LargeVector<Fde>& out);
  // The same, and only where the code lies.
  void collect_extents(const ElfFile& file, std::vector<PackedExtent>& out);

  [[nodiscard]] const Cie& cie(std::uint32_t index) const { return cies_[index]; }
  [[nodiscard]] const FrameSectionCounts& counts() const { return counts_; }
  [[nodiscard]] const FrameBytes& bytes() const { return bytes_; }

 private:
  struct Entry {
    std::uint64_t id_position = 0;  // of the CIE id / pointer field
    std::uint64_t id = 0;
    std::uint64_t end = 0;  // one past the entry
    bool wide = false;      // 64-bit DWARF
  };
  std::optional<Entry> next_entry(ByteReader& reader);
  [[nodiscard]] bool is_cie(const Entry& entry) const;
  std::uint32_t cie_of(const Entry& entry);
  Cie read_cie(std::uint64_t position);
  template <typename Sink>
  void walk(const ElfFile& file, const Sink& sink);
  bool read_common_fde(ByteReader& reader, Fde& fde) const;
  std::optional<Fde> read_fde(ByteReader& reader, const Entry& entry, const ElfFile& file);

  FrameBytes bytes_;
  std::vector<Cie> cies_;
  std::unordered_map<std::uint64_t, std::uint32_t> cie_at_;  // position -> index
  std::uint64_t last_position_ = ~std::uint64_t{0};
  std::uint32_t last_index_ = 0;
  bool last_is_common_ = false;  // read_common_fde() knows the form of its FDEs
  // The code segment the last FDE fell into: neighbours nearly always share it.
  const ElfSegment* last_segment_ = nullptr;
  FrameSectionCounts counts_;
};

// Reads a pointer encoded as DW_EH_PE_* says, `reader` being over the whole section. Indirect,
// text-, data- and function-relative pointers are not resolved: nullopt.
std::optional<std::uint64_t> read_encoded(ByteReader& reader, std::uint8_t encoding,
                                          std::uint64_t section_vaddr);

}  // namespace sonde
