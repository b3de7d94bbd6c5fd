// SPDX-License-Identifier: Apache-2.0
// A program around the bytes of a fuzz target: one executable segment of padding, and sections
// whose contents are given.
#pragma once

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace sonde {

struct FuzzSection {
  std::string_view name;
  std::uint32_t type = SHT_PROGBITS;
  std::uint32_t link = 0;  // number of a section; the first one given is 1
  std::string_view bytes;
};

inline constexpr std::uint64_t kFuzzCodeBytes = 4096;
inline constexpr std::uint64_t kFuzzAddress = 0x400000;  // of the file's first byte

inline void append_struct(std::string& file, const auto& value) {
  file.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

inline Elf64_Ehdr fuzz_header() {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof(header);
  header.e_phoff = sizeof(header);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_shentsize = sizeof(Elf64_Shdr);
  return header;
}

// `notes`: the number of the section that is a PT_NOTE segment too, 0 for none.
inline std::string elf_around(const std::vector<FuzzSection>& sections, std::size_t notes = 0) {
  std::string body, names(1, '\0');
  std::vector<Elf64_Shdr> table(1);
  const std::uint64_t body_at = kFuzzCodeBytes;
  const auto add = [&](std::string_view name, std::uint32_t type, std::uint32_t link,
                       std::string_view bytes) {
    Elf64_Shdr header{};
    header.sh_name = static_cast<std::uint32_t>(names.size());
    header.sh_type = type;
    header.sh_link = link;
    header.sh_offset = body_at + body.size();
    header.sh_size = bytes.size();
    header.sh_entsize = type == SHT_SYMTAB || type == SHT_DYNSYM ? sizeof(Elf64_Sym) : 0;
    names.append(name).push_back('\0');
    body.append(bytes).resize((body.size() + 7) / 8 * 8);
    table.push_back(header);
  };
  for (const FuzzSection& one : sections) add(one.name, one.type, one.link, one.bytes);
  add(".shstrtab", SHT_STRTAB, 0, names + ".shstrtab" + '\0');

  Elf64_Ehdr header = fuzz_header();
  header.e_phnum = notes == 0 ? 1 : 2;
  header.e_shoff = body_at + body.size();
  header.e_shnum = static_cast<std::uint16_t>(table.size());
  header.e_shstrndx = static_cast<std::uint16_t>(table.size() - 1);
  std::string file;
  append_struct(file, header);
  append_struct(file, Elf64_Phdr{.p_type = PT_LOAD,
                                 .p_flags = PF_R | PF_X,
                                 .p_offset = 0,
                                 .p_vaddr = kFuzzAddress,
                                 .p_paddr = 0,
                                 .p_filesz = kFuzzCodeBytes,
                                 .p_memsz = kFuzzCodeBytes,
                                 .p_align = 4096});
  if (notes != 0) {
    append_struct(file, Elf64_Phdr{.p_type = PT_NOTE,
                                   .p_flags = PF_R,
                                   .p_offset = table[notes].sh_offset,
                                   .p_vaddr = 0,
                                   .p_paddr = 0,
                                   .p_filesz = table[notes].sh_size,
                                   .p_memsz = table[notes].sh_size,
                                   .p_align = 4});
  }
  file.resize(kFuzzCodeBytes, '\xcc');
  file += body;
  for (const Elf64_Shdr& one : table) append_struct(file, one);
  return file;
}

// The first two bytes of an input say where it is cut in two.
inline void cut_in_two(std::string_view input, std::string_view& first, std::string_view& second) {
  if (input.size() < 2) return;
  std::uint16_t at = 0;
  std::memcpy(&at, input.data(), sizeof(at));
  input.remove_prefix(sizeof(at));
  first = input.substr(0, at);
  second = input.substr(first.size());
}

}  // namespace sonde
