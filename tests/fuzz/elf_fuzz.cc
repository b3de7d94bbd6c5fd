// SPDX-License-Identifier: Apache-2.0
// Any file: headers, sections, unwind rows and names give an answer or a reason.
#include <array>
#include <cstdint>

#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/symbols/file_names.h"
#include "symbolizer/worker/unwind/file_rows.h"
#include "tests/fuzz/check_rows.h"
#include "tests/fuzz/foreign_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int fd = sonde::foreign_file({reinterpret_cast<const char*>(data), size});
  auto file = sonde::ElfFile::open(fd);
  if (!file) return 0;
  for (const sonde::ElfSection& section : file->sections()) {
    const auto bytes = file->read(section, 1 << 16);
    if (bytes && bytes->span().size() > size) std::abort();
  }
  auto source = sonde::FrameSource::load(*std::move(file));
  if (source) {
    sonde::RowClassCounts classes{};
    sonde::check_rows(source->build(classes));
  }
  const std::array<std::uint64_t, 4> offsets = {0, 0x1000, size / 2, ~std::uint64_t{0}};
  sonde::NameCache cache;
  (void)sonde::names_of({.fd = fd, .offsets = offsets}, cache);
  (void)sonde::names_of({.fd = fd, .offsets = offsets, .debug_fd = fd}, cache);
  return 0;
}
