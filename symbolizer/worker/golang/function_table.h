// SPDX-License-Identifier: Apache-2.0
// The Go linker's function table, gopclntab: which functions a program has, what they are called,
// and by how much each instruction has moved the stack pointer. Every Go program has it, stripped
// or not. Layouts: src/runtime/symtab.go and src/debug/gosym/pclntab.go of Go 1.2, 1.16, 1.18,
// 1.20; the header's magic number tells them apart.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/elf/file_window.h"

namespace sonde {

struct GoFunction {
  std::uint64_t begin = 0;         // file offset
  std::uint64_t end = 0;           // of the next function
  std::uint32_t name = 0;          // for name_of()
  std::uint32_t stack_deltas = 0;  // for deltas_of(); 0 = none
};

// Reads as it is asked: nothing of the table is kept but a few blocks of what was read last.
class GoFunctionTable {
 public:
  // Of a file without it: none, quickly. In a file without section headers it is searched for.
  // The file must outlive the table.
  static std::optional<GoFunctionTable> open(const ElfFile& file);

  [[nodiscard]] std::uint32_t count() const { return count_; }
  // The functions are in ascending order. None: the entry makes no sense.
  std::optional<GoFunction> function(std::uint32_t index);
  // At most 8 KiB, and what is left of its block of the file.
  std::string name_of(const GoFunction& function);
  // Calls `take` with each part of a function's code, ascending, and the bytes that lie between
  // the stack pointer and the return address there. False: the deltas end before the function does.
  using TakeDelta = std::function<void(std::uint64_t begin, std::int64_t bytes)>;
  bool deltas_of(const GoFunction& function, const TakeDelta& take);
  // Calls `take` with the function of each of the ascending offsets that lies in one.
  // cost: reads the table's index up to the last one.
  void find(std::span<const std::uint64_t> offsets,
            const std::function<void(std::uint64_t offset, const GoFunction&)>& take);

 private:
  struct Place {
    std::uint64_t begin = 0;  // file offset
    std::uint64_t bytes = 0;
  };
  struct IndexEntry {
    std::uint64_t address = 0;  // of the code
    std::uint64_t function = 0;
  };
  explicit GoFunctionTable(const ElfFile& file) : file_(&file) {}
  static std::optional<Place> locate(const ElfFile& file);
  static std::optional<Place> search(const ElfFile& file);
  static bool is_header(ByteSpan bytes);
  bool read_header(const Place& place);
  bool read_parts(const Place& place, ByteSpan header);
  std::optional<IndexEntry> index_entry(std::uint32_t index);
  bool find_text();
  std::optional<std::uint64_t> anchor_in_text();
  [[nodiscard]] bool anchor_is_at(std::uint64_t address) const;
  [[nodiscard]] std::optional<std::uint64_t> search_anchor() const;

  const ElfFile* file_;
  bool relative_ = false;  // since 1.18 addresses are relative to the text's start
  std::uint32_t count_ = 0;
  std::uint64_t text_ = 0;
  FileWindow index_, functions_, names_, deltas_;
};

}  // namespace sonde
