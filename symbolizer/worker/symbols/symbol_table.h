// SPDX-License-Identifier: Apache-2.0
// Function symbols of a file from every table it has, keyed by file offset, and the sweep that
// answers sorted offsets from them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/symbols/name_reader.h"

namespace sonde {

// 16 bytes: programs have up to millions of them.
struct Symbol {
  // No symbol begins from here on: a frame cannot say such an offset.
  static constexpr std::uint64_t kEndOfOffsets = std::uint64_t{1} << 40U;

  Symbol(std::uint64_t begin, std::uint64_t size)
      : begin_low(static_cast<std::uint32_t>(begin)),
        begin_high(static_cast<std::uint8_t>(begin >> 32U)) {
    set_end(begin + size);
  }
  [[nodiscard]] std::uint64_t begin() const {  // file offset
    return std::uint64_t{begin_high} << 32U | begin_low;
  }
  // One past the last byte; equal to begin() until it is worked out. At most 4 GiB behind it.
  [[nodiscard]] std::uint64_t end() const { return begin() + bytes; }
  void set_end(std::uint64_t end) {
    bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(end - begin(), 0xffffffffU));
  }

  std::uint32_t begin_low = 0;
  std::uint32_t bytes = 0;
  std::uint32_t name = 0;  // offset into its string table
  std::uint8_t begin_high = 0;
  std::uint8_t strings = 0;  // which table
  std::uint8_t binding = 0;  // STB_*
  bool sized = false;        // the table gives a size
};
static_assert(sizeof(Symbol) == 16);

// Functions (FUNC, IFUNC) and code labels (NOTYPE) kept apart: a label answers only where no
// function does. Names stay in the file; strings() with a NameReader leads to them.
class SymbolTable {
 public:
  // `file` places virtual addresses; it must live until finish().
  explicit SymbolTable(const ElfFile& file) : file_(&file) {}

  // Adds the symbol tables of `source`, which is the file itself, its debug file or its
  // unpacked .gnu_debugdata. Tables that cannot be read are skipped and reported false.
  bool add_tables(const ElfFile& source, SymbolOrigin origin);
  // The dynamic symbols through PT_DYNAMIC: for files without section headers.
  bool add_dynamic(const ElfFile& source);
  // A name we make ourselves (linkage stubs).
  void add_synthetic(std::uint64_t begin, std::uint64_t size, std::string_view name);

  // Sorts, works out missing ends, chooses among aliases. To be called once, after the last add.
  void finish(NameReader& names);

  [[nodiscard]] bool empty() const { return functions_.empty() && labels_.empty(); }
  // At most 8 KiB, perhaps empty. Valid until the reader's next call.
  [[nodiscard]] std::string_view name_of(const Symbol& symbol, NameReader& names) const;
  [[nodiscard]] const std::vector<StringTable>& strings() const { return strings_; }
  // In the order of the tables before finish(), by begin after it.
  [[nodiscard]] std::span<const Symbol> functions() const { return functions_; }
  [[nodiscard]] std::span<const Symbol> labels() const { return labels_; }
  // Of memory held.
  [[nodiscard]] std::size_t bytes() const;

  // For each of the ascending offsets the symbol that covers it, or nullptr. Of several the one
  // that begins last; of several that begin together the best alias, see better_name().
  // cost: 2 ns a symbol.
  [[nodiscard]] std::vector<const Symbol*> find(std::span<const std::uint64_t> offsets) const;

 private:
  bool add_section(const ElfFile& source, const ElfSection& section, SymbolOrigin origin);
  void add_entries(const ElfFile& source, ByteSpan entries, std::uint64_t string_bytes);
  void work_out_ends(std::vector<Symbol>& symbols, const std::vector<Symbol>& others) const;
  [[nodiscard]] std::uint64_t region_end(std::uint64_t file_offset) const;
  void sort_aliases(std::vector<Symbol>& symbols, NameReader& names) const;
  void sort_by_name(std::span<Symbol> symbols, NameReader& names) const;

  const ElfFile* file_;  // nullptr once finished
  std::vector<Symbol> functions_;
  std::vector<Symbol> labels_;
  std::vector<StringTable> strings_;
  std::string synthetic_;  // NUL-terminated names; string table number kSynthetic
};

}  // namespace sonde
