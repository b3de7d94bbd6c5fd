// SPDX-License-Identifier: Apache-2.0
// Names of symbols, read from the string tables of files of which only some blocks are held: the
// tables of a large program are far larger than the names that anybody asks for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/elf/file_window.h"

namespace sonde {

enum class SymbolOrigin : std::uint8_t {
  kFile,       // the file itself
  kDebugFile,  // its separate debug file
  kMemory,     // nothing that can be read again
};

// NUL-terminated names one after another.
struct StringTable {
  SymbolOrigin origin = SymbolOrigin::kMemory;
  std::uint64_t offset = 0;  // in that file
  std::uint64_t bytes = 0;
  ByteBuffer held;  // kMemory: the table itself
};

// Holds at most 2 MiB of each table. What it is made of must outlive it.
class NameReader {
 public:
  // debug_file: nullptr if no table is of it.
  NameReader(const std::vector<StringTable>& tables, const ElfFile& file, const ElfFile* debug_file)
      : tables_(tables), file_(file), debug_file_(debug_file) {}

  // The name at `offset` of a table, cut at 8 KiB; empty if it cannot be read. Valid until the next
  // call. cost: ns; a read of 32 KiB where that block is not held.
  std::string_view at(std::size_t table, std::uint32_t offset);

 private:
  ByteSpan bytes_at(std::size_t table, std::uint32_t offset, std::size_t least);

  const std::vector<StringTable>& tables_;
  const ElfFile& file_;
  const ElfFile* debug_file_;
  std::vector<std::unique_ptr<FileWindow>> windows_;  // by table, made when needed
};

}  // namespace sonde
