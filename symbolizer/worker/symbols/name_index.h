// SPDX-License-Identifier: Apache-2.0
// What one file's names are found in, and the names that were found: made when a file is asked
// about for the first time, good for as long as the file does not change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "symbolizer/wire/messages.h"
#include "symbolizer/wire/reason.h"
#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/symbols/symbol_table.h"
#include "symbolizer/worker/unwind/function_starts.h"

namespace sonde {

// The open files that one question is about.
struct NameFiles {
  const ElfFile& file;
  const ElfFile* debug_file = nullptr;  // of the same program, as the caller has checked
};

// The names message in two parts.
struct NamesAnswer {
  std::string head;
  std::shared_ptr<const std::string> strings;  // perhaps those of the index, with more than asked
};

class NameIndex {
 public:
  // Reads the symbol tables of the files. `offsets` are what will be asked: of a stripped Go
  // program only the names at these are read. `starts`: if somebody has them.
  // cost: 0.1 us a symbol.
  static NameIndex read(const NameFiles& files, std::span<const std::uint64_t> offsets,
                        std::optional<FunctionStarts> starts);

  // The names message for ascending offsets. `files` are those that the index was made of: names
  // that nobody asked for before are read from them.
  // cost: 0.1 us an offset, 2 us a function that is asked for the first time.
  NamesAnswer answer(const NameFiles& files, std::span<const std::uint64_t> offsets);

  // False: it answers the offsets only that it was made for.
  [[nodiscard]] bool is_whole() const { return whole_; }
  // Of memory held.
  [[nodiscard]] std::size_t bytes() const;

 private:
  // A function that was asked for, with its texts one after the other in `texts_`.
  struct Named {
    std::uint64_t text = 0;
    Reason reason = Reason::kNone;  // why there is no name
    std::uint32_t system_bytes = 0;
    std::uint32_t bytes = 0;  // of the demangled name; 0: there is none

    [[nodiscard]] WireFunction place(std::uint64_t begin) const {
      const auto at = static_cast<std::uint32_t>(text);
      const bool demangled = bytes > 0;
      return {begin, demangled ? at + system_bytes : at, demangled ? bytes : system_bytes, at,
              system_bytes};
    }
  };
  explicit NameIndex(const ElfFile& file) : symbols_(file) {}
  void add_go_names(const ElfFile& file, std::span<const std::uint64_t> offsets);
  void name(const NameFiles& files, std::span<const Symbol* const> found);
  [[nodiscard]] bool are_most_of_texts(std::span<const Symbol* const> found) const;
  void add_name(const Symbol& symbol, std::string_view system_name);

  SymbolTable symbols_;
  bool whole_ = true;
  std::optional<FunctionStarts> starts_;
  std::unordered_map<const Symbol*, std::uint32_t> numbers_;  // in named_
  std::vector<Named> named_;
  std::shared_ptr<std::string> texts_ = std::make_shared<std::string>();
};

}  // namespace sonde
