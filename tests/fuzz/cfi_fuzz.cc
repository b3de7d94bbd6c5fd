// SPDX-License-Identifier: Apache-2.0
// Any call frame section in a sound file gives rows that the kernel can walk. The first byte
// chooses .eh_frame or .debug_frame, the rest is the section.
#include <elf.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/unwind/file_rows.h"
#include "tests/fuzz/check_rows.h"
#include "tests/fuzz/foreign_file.h"

namespace {

constexpr std::size_t kTextBytes = 0x2000;  // what the frames can describe
constexpr char kNames[] = "\0.eh_frame\0.debug_frame\0.shstrtab";
constexpr Elf64_Word kNameOffsets[] = {1, 11};
constexpr Elf64_Word kNamesOffset = 24;

template <typename T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Header, one executable segment over the whole file, section, names, section headers.
std::string file_with(bool debug, std::string_view frames) {
  const std::size_t names_at = kTextBytes + frames.size();
  const std::size_t headers_at = names_at + sizeof(kNames);
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_DYN;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_phoff = sizeof(header);
  header.e_shoff = headers_at;
  header.e_ehsize = sizeof(header);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 1;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 3;
  header.e_shstrndx = 2;
  std::string out;
  append(out, header);
  append(out, Elf64_Phdr{PT_LOAD, PF_R | PF_X, 0, 0, 0, names_at, names_at, 0x1000});
  out.resize(kTextBytes, '\x90');
  out += frames;
  out.append(kNames, sizeof(kNames));
  append(out, Elf64_Shdr{});
  append(out, Elf64_Shdr{kNameOffsets[debug ? 1 : 0], SHT_PROGBITS, SHF_ALLOC, kTextBytes,
                         kTextBytes, frames.size(), 0, 0, 8, 0});
  append(out, Elf64_Shdr{kNamesOffset, SHT_STRTAB, 0, 0, names_at, sizeof(kNames), 0, 0, 1, 0});
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const int fd = sonde::foreign_file(file_with((data[0] & 1U) != 0, bytes.substr(1)));
  auto file = sonde::ElfFile::open(fd);
  if (!file) std::abort();  // the file around the section is sound
  auto source = sonde::FrameSource::load(*std::move(file));
  if (!source) return 0;
  sonde::RowClassCounts classes{};
  sonde::check_rows(source->build(classes));
  return 0;
}
