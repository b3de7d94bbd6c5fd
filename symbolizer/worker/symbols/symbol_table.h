// SPDX-License-Identifier: Apache-2.0
// Function symbols of a file from every table it has, keyed by file offset, and the sweep that
// answers sorted offsets from them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "symbolizer/worker/elf/elf_file.h"

namespace sonde {

struct Symbol {
  std::uint64_t begin = 0;  // file offset
  std::uint64_t end = 0;    // one past the last byte; equal to begin until it is worked out
  std::uint32_t name = 0;   // offset into its string table
  std::uint16_t strings = 0;
  std::uint8_t binding = 0;  // STB_*
  bool sized = false;        // the table gives a size
};

// Functions (FUNC, IFUNC) and code labels (NOTYPE) kept apart: a label answers only where no
// function does.
class SymbolTable {
 public:
  // `file` places virtual addresses; it must live as long as the table.
  explicit SymbolTable(const ElfFile& file) : file_(file) {}

  // Adds the symbol tables of `source`, which is the file itself, its debug file or its
  // unpacked .gnu_debugdata. Tables that cannot be read are skipped and reported false.
  bool add_tables(const ElfFile& source);
  // The dynamic symbols through PT_DYNAMIC: for files without section headers.
  bool add_dynamic(const ElfFile& source);
  // A name we make ourselves (linkage stubs).
  void add_synthetic(std::uint64_t begin, std::uint64_t size, std::string_view name);

  // Sorts, works out missing ends. To be called once, after the last add.
  void finish();

  [[nodiscard]] bool empty() const { return functions_.empty() && labels_.empty(); }
  [[nodiscard]] std::string_view name_of(const Symbol& symbol) const;  // at most 8 KiB
  // In the order of the tables before finish(), by begin after it.
  [[nodiscard]] std::span<const Symbol> functions() const { return functions_; }
  [[nodiscard]] std::span<const Symbol> labels() const { return labels_; }

  // For each of the ascending offsets the symbol that covers it, or nullptr. Of several the one
  // that begins last; of several that begin together the best alias, see better_alias().
  [[nodiscard]] std::vector<const Symbol*> find(std::span<const std::uint64_t> offsets) const;

 private:
  bool add_section(const ElfFile& source, const ElfSection& section);
  void add_entries(const ElfFile& source, ByteSpan entries, ByteBuffer strings);
  void work_out_ends(std::vector<Symbol>& symbols, const std::vector<Symbol>& others) const;
  [[nodiscard]] std::uint64_t region_end(std::uint64_t file_offset) const;
  void sort_aliases(std::vector<Symbol>& symbols) const;
  [[nodiscard]] bool better_alias(const Symbol& a, const Symbol& b) const;
  static void sweep(const std::vector<Symbol>& symbols, std::span<const std::uint64_t> offsets,
                    std::vector<const Symbol*>& out);

  const ElfFile& file_;
  std::vector<Symbol> functions_;
  std::vector<Symbol> labels_;
  std::vector<ByteBuffer> strings_;
  std::string synthetic_;  // NUL-terminated names; string table number kSynthetic
};

}  // namespace sonde
