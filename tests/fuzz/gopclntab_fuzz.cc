// SPDX-License-Identifier: Apache-2.0
// Any bytes taken for a Go program's function table give rows that the kernel can walk and names
// that end. They lie in a program without section headers, with a little code that is all padding.
#include <elf.h>

#include <array>
#include <cstdint>
#include <string>

#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/golang/function_table.h"
#include "symbolizer/worker/symbols/file_names.h"
#include "symbolizer/worker/unwind/file_rows.h"
#include "tests/fuzz/check_rows.h"
#include "tests/fuzz/elf_around.h"
#include "tests/fuzz/foreign_file.h"

namespace {

constexpr std::size_t kTableAt = 4096;
constexpr std::size_t kCodeBytes = 1024;

std::string program_with(std::string_view table) {
  Elf64_Ehdr header = sonde::fuzz_header();
  header.e_phnum = 2;
  std::array<Elf64_Phdr, 2> segments{};
  segments[0] = {.p_type = PT_LOAD,
                 .p_flags = PF_R | PF_X,
                 .p_offset = kTableAt + table.size(),
                 .p_vaddr = 0x400000,
                 .p_paddr = 0,
                 .p_filesz = kCodeBytes,
                 .p_memsz = kCodeBytes,
                 .p_align = 4096};
  segments[1] = {.p_type = PT_LOAD,
                 .p_flags = PF_R,
                 .p_offset = kTableAt,
                 .p_vaddr = 0x800000,
                 .p_paddr = 0,
                 .p_filesz = table.size(),
                 .p_memsz = table.size(),
                 .p_align = 4096};
  std::string file;
  sonde::append_struct(file, header);
  sonde::append_struct(file, segments);
  file.resize(kTableAt);
  file += table;
  file.append(kCodeBytes, '\xcc');
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int fd = sonde::foreign_file(program_with({reinterpret_cast<const char*>(data), size}));
  auto file = sonde::ElfFile::open(fd);
  if (!file) std::abort();
  if (auto table = sonde::GoFunctionTable::open(*file)) {
    for (std::uint32_t i = 0; i < table->count() && i < 1000; ++i) {
      const auto function = table->function(i);
      if (function && table->name_of(*function).size() > 8192) std::abort();
    }
  }
  auto source = sonde::FrameSource::load(*std::move(file));
  if (!source) return 0;
  sonde::RowClassCounts classes{};
  sonde::check_rows(source->build(classes));
  const std::array<std::uint64_t, 4> offsets = {0, kTableAt + size, kTableAt + size + 0x30,
                                                ~std::uint64_t{0}};
  sonde::NameCache cache;
  (void)sonde::names_of({.fd = fd, .offsets = offsets}, cache);
  return 0;
}
