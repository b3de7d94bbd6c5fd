// SPDX-License-Identifier: Apache-2.0
// Any symbol and string tables give names that end, or reasons: as the file's own tables, as its
// dynamic ones, and as those of its debug file.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/symbols/file_names.h"
#include "symbolizer/worker/symbols/symbol_table.h"
#include "tests/fuzz/elf_around.h"
#include "tests/fuzz/foreign_file.h"

namespace {

constexpr std::size_t kMaxName = 8192;

void check(std::uint32_t type, std::string_view name, std::string_view entries,
           std::string_view strings) {
  const std::array<std::uint64_t, 6> offsets = {0, 0x10, 0x123, 0x800, 0xfff, ~std::uint64_t{0}};
  const int fd = sonde::foreign_file(
      sonde::elf_around({{name, type, 2, entries}, {".strtab", SHT_STRTAB, 0, strings}}));
  auto file = sonde::ElfFile::open(fd);
  if (!file) std::abort();
  sonde::SymbolTable table(*file);
  table.add_tables(*file, sonde::SymbolOrigin::kFile);
  sonde::NameReader names(table.strings(), *file, nullptr);
  table.finish(names);
  for (const sonde::Symbol* symbol : table.find(offsets)) {
    if (symbol != nullptr && table.name_of(*symbol, names).size() > kMaxName) std::abort();
  }
  sonde::NameCache cache;
  (void)sonde::names_of({.fd = fd, .offsets = std::span(offsets).first(2)}, cache);
  (void)sonde::names_of({.fd = fd, .offsets = offsets}, cache);
  (void)sonde::names_of({.fd = fd, .offsets = offsets, .debug_fd = fd}, cache);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view entries, strings;
  sonde::cut_in_two({reinterpret_cast<const char*>(data), size}, entries, strings);
  check(SHT_SYMTAB, ".symtab", entries, strings);
  check(SHT_DYNSYM, ".dynsym", entries, strings);
  return 0;
}
