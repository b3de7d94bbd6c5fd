// SPDX-License-Identifier: Apache-2.0
// Any notes and any debug link: a build id of at most 64 bytes, a file name that leads nowhere
// else.
#include <cstdint>
#include <cstdlib>

#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/symbols/file_identity.h"
#include "tests/fuzz/elf_around.h"
#include "tests/fuzz/foreign_file.h"

namespace {

constexpr std::size_t kMaxBuildId = 64;

void check(std::string_view notes, std::string_view link, std::size_t note_segment) {
  const int fd = sonde::foreign_file(sonde::elf_around(
      {{".note.gnu.build-id", SHT_NOTE, 0, notes}, {".gnu_debuglink", SHT_PROGBITS, 0, link}},
      note_segment));
  auto file = sonde::ElfFile::open(fd);
  if (!file) std::abort();
  if (sonde::read_build_id(*file).size() > kMaxBuildId) std::abort();
  if (const auto debug = sonde::read_debuglink(*file)) {
    if (debug->name.empty() || debug->name.find('/') != std::string::npos) std::abort();
    if (debug->name == "." || debug->name == "..") std::abort();
  }
  (void)sonde::identify(*file);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view notes, link;
  sonde::cut_in_two({reinterpret_cast<const char*>(data), size}, notes, link);
  check(notes, link, 0);
  check(notes, link, 1);
  return 0;
}
