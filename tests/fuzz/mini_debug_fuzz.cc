// SPDX-License-Identifier: Apache-2.0
// Any bytes as MiniDebugInfo: as the packed stream, and as the file that a sound stream unpacks to.
#include <lzma.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/symbols/file_names.h"
#include "tests/fuzz/elf_around.h"
#include "tests/fuzz/foreign_file.h"

namespace {

std::string pack(std::string_view bytes) {
  std::string out(lzma_stream_buffer_bound(bytes.size()), '\0');
  std::size_t used = 0;
  const auto done = ::lzma_easy_buffer_encode(
      0, LZMA_CHECK_CRC32, nullptr, reinterpret_cast<const std::uint8_t*>(bytes.data()),
      bytes.size(), reinterpret_cast<std::uint8_t*>(out.data()), &used, out.size());
  if (done != LZMA_OK) std::abort();
  out.resize(used);
  return out;
}

void check(std::string_view packed) {
  const std::array<std::uint64_t, 4> offsets = {0, 0x123, 0x800, ~std::uint64_t{0}};
  const int fd =
      sonde::foreign_file(sonde::elf_around({{".gnu_debugdata", SHT_PROGBITS, 0, packed}}));
  sonde::NameCache cache;
  if (!sonde::names_of({.fd = fd, .offsets = offsets}, cache)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check(bytes);
  check(pack(bytes));
  return 0;
}
