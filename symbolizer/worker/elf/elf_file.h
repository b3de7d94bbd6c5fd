// SPDX-License-Identifier: Apache-2.0
// Headers of a 64-bit little-endian x86-64 ELF file, read with pread(2) into own memory: a file
// that changes or shrinks while it is parsed gives an error, never a signal. Every size is capped.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "symbolizer/worker/elf/byte_reader.h"

namespace sonde {

struct ElfSegment {
  std::uint32_t type = 0;   // PT_*
  std::uint32_t flags = 0;  // PF_*
  std::uint64_t offset = 0;
  std::uint64_t vaddr = 0;
  std::uint64_t file_bytes = 0;
};

struct ElfSection {
  std::string_view name;  // valid while the ElfFile lives
  std::uint32_t type = 0;
  std::uint32_t link = 0;
  std::uint64_t flags = 0;
  std::uint64_t vaddr = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// Immutable after open(); the descriptor must stay open while it is used.
class ElfFile {
 public:
  // Reads and checks the headers. A damaged section table is treated as absent (a loader never
  // looks at it); damaged program headers are not forgiven.
  // errors: not_elf, elf32, big_endian, other_machine, corrupt, unreadable (reason_of()).
  static Result<ElfFile> open(int fd);

  [[nodiscard]] const std::vector<ElfSegment>& segments() const { return segments_; }
  [[nodiscard]] const std::vector<ElfSection>& sections() const { return sections_; }
  // The first section of that name that has bytes in the file; nullptr if there is none.
  [[nodiscard]] const ElfSection* find_section(std::string_view name) const;
  [[nodiscard]] const ElfSegment* find_segment(std::uint32_t type) const;

  // Bytes of the file. errors: corrupt (past the end), too_large (over `cap`), unreadable.
  Result<ByteBuffer> read(std::uint64_t offset, std::uint64_t size, std::uint64_t cap) const;
  Result<ByteBuffer> read(const ElfSection& section, std::uint64_t cap) const {
    return read(section.offset, section.size, cap);
  }

  // Virtual address -> file offset through the PT_LOAD segment that holds it in the file.
  [[nodiscard]] std::optional<std::uint64_t> file_offset(std::uint64_t vaddr) const;
  // The same, executable segments only: the segment, or nullptr.
  [[nodiscard]] const ElfSegment* code_segment(std::uint64_t vaddr) const;
  // The executable segment whose file bytes hold this offset, or nullptr.
  [[nodiscard]] const ElfSegment* code_at(std::uint64_t file_offset) const;

  // Virtual address of the first instruction of a program (0 for most libraries).
  [[nodiscard]] std::uint64_t entry() const { return entry_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  Result<void> read_segments(std::uint64_t offset, std::uint64_t count);
  void read_sections(std::uint64_t offset, std::uint64_t count, std::uint64_t names_index);

  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t entry_ = 0;
  std::vector<ElfSegment> segments_;
  std::vector<ElfSegment> code_;  // executable PT_LOAD only
  std::vector<ElfSection> sections_;
  ByteBuffer section_names_;
};

}  // namespace sonde
