// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/elf/elf_file.h"

#include <elf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/file.h"
#include "symbolizer/wire/reason.h"

namespace sonde {
namespace {

constexpr std::uint64_t kMaxSegments = 1170;  // 64 KiB of headers: the kernel loads no more
constexpr std::uint64_t kMaxSections = 1U << 20;
constexpr std::uint64_t kMaxSectionNames = 16U << 20;
constexpr std::size_t kMaxNameBytes = 64;  // we only ever look for short ones

template <typename T>
T load(ByteSpan bytes, std::size_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

std::optional<Error> check_ident(const Elf64_Ehdr& header) {
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return refuse(Reason::kNotElf, "no ELF magic");
  }
  if (header.e_ident[EI_CLASS] == ELFCLASS32) return refuse(Reason::kElf32, "ELFCLASS32");
  if (header.e_ident[EI_DATA] == ELFDATA2MSB) return refuse(Reason::kBigEndian, "ELFDATA2MSB");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return refuse(Reason::kCorrupt, "unknown ELF class or byte order");
  }
  if (header.e_machine != EM_X86_64) {
    return refuse(Reason::kOtherMachine, "e_machine " + std::to_string(header.e_machine));
  }
  if (header.e_phnum != 0 && header.e_phentsize != sizeof(Elf64_Phdr)) {
    return refuse(Reason::kCorrupt, "unknown program header size");
  }
  return std::nullopt;
}

// True if [begin, begin + size) has no wrap-around.
bool is_range(std::uint64_t begin, std::uint64_t size) { return begin + size >= begin; }

}  // namespace

Result<ElfFile> ElfFile::open(int fd) {
  ElfFile file;
  struct stat status {};
  if (::fstat(fd, &status) != 0) return refuse(Reason::kUnreadable, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return refuse(Reason::kUnreadable, "not a regular file");
  file.fd_ = fd;
  file.size_ = static_cast<std::uint64_t>(status.st_size);
  if (file.size_ < sizeof(Elf64_Ehdr)) {
    // Too short for any header: whatever it is, it is not a program.
    return refuse(Reason::kNotElf, "shorter than an ELF header");
  }
  auto bytes = file.read(0, sizeof(Elf64_Ehdr), sizeof(Elf64_Ehdr));
  if (!bytes) return bytes.error();
  const auto header = load<Elf64_Ehdr>(bytes->span(), 0);
  if (auto problem = check_ident(header)) return *problem;
  file.entry_ = header.e_entry;
  if (auto read = file.read_segments(header.e_phoff, header.e_phnum); !read) return read.error();
  if (header.e_shentsize == sizeof(Elf64_Shdr) && header.e_shoff != 0) {
    file.read_sections(header.e_shoff, header.e_shnum, header.e_shstrndx);
  }
  return file;
}

Result<ByteBuffer> ElfFile::read(std::uint64_t offset, std::uint64_t size,
                                 std::uint64_t cap) const {
  if (size > cap) return refuse(Reason::kTooLarge, std::to_string(size) + " bytes in one table");
  if (offset > size_ || size > size_ - offset) {
    return refuse(Reason::kCorrupt, "a table lies past the end of the file");
  }
  ByteBuffer buffer(static_cast<std::size_t>(size));
  auto got = pread_full(fd_, buffer.writable(), static_cast<std::size_t>(offset));
  if (!got) return refuse(Reason::kUnreadable, got.error().message);
  if (*got != size) return refuse(Reason::kCorrupt, "the file became shorter while it was read");
  return buffer;
}

Result<void> ElfFile::read_segments(std::uint64_t offset, std::uint64_t count) {
  if (count > kMaxSegments) return refuse(Reason::kCorrupt, "too many program headers");
  auto bytes = read(offset, count * sizeof(Elf64_Phdr), kMaxSegments * sizeof(Elf64_Phdr));
  if (!bytes) return bytes.error();
  for (std::size_t i = 0; i < count; ++i) {
    const auto raw = load<Elf64_Phdr>(bytes->span(), i);
    if (!is_range(raw.p_offset, raw.p_filesz) || !is_range(raw.p_vaddr, raw.p_filesz)) {
      return refuse(Reason::kCorrupt, "a segment wraps around the address space");
    }
    const ElfSegment segment{raw.p_type, raw.p_flags, raw.p_offset, raw.p_vaddr, raw.p_filesz};
    segments_.push_back(segment);
    if (raw.p_type == PT_LOAD && (raw.p_flags & PF_X) != 0) code_.push_back(segment);
  }
  return {};
}

void ElfFile::read_sections(std::uint64_t offset, std::uint64_t count, std::uint64_t names_index) {
  if (count == 0 || names_index == SHN_XINDEX) {
    // More than 65,279 sections: the real numbers are in section 0.
    auto first = read(offset, sizeof(Elf64_Shdr), sizeof(Elf64_Shdr));
    if (!first) return;
    const auto zero = load<Elf64_Shdr>(first->span(), 0);
    if (count == 0) count = zero.sh_size;
    if (names_index == SHN_XINDEX) names_index = zero.sh_link;
  }
  if (count > kMaxSections || names_index >= count) return;
  auto bytes = read(offset, count * sizeof(Elf64_Shdr), kMaxSections * sizeof(Elf64_Shdr));
  if (!bytes) return;
  const auto names = load<Elf64_Shdr>(bytes->span(), static_cast<std::size_t>(names_index));
  auto text = read(names.sh_offset, names.sh_size, kMaxSectionNames);
  if (!text) return;
  section_names_ = std::move(*text);
  const ByteSpan table = section_names_.span();
  sections_.reserve(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    const auto raw = load<Elf64_Shdr>(bytes->span(), i);
    ElfSection section{{},          raw.sh_type,   raw.sh_link, raw.sh_flags,
                       raw.sh_addr, raw.sh_offset, raw.sh_size};
    if (raw.sh_name < table.size()) {
      const std::size_t room = std::min(table.size() - raw.sh_name, kMaxNameBytes);
      const std::uint8_t* begin = table.data() + raw.sh_name;
      const std::uint8_t* end = std::find(begin, begin + room, 0);
      section.name = std::string_view(reinterpret_cast<const char*>(begin),
                                      static_cast<std::size_t>(end - begin));
    }
    sections_.push_back(section);
  }
}

const ElfSection* ElfFile::find_section(std::string_view name) const {
  for (const ElfSection& section : sections_) {
    if (section.name == name && section.type != SHT_NOBITS && section.type != SHT_NULL) {
      return &section;
    }
  }
  return nullptr;
}

const ElfSegment* ElfFile::find_segment(std::uint32_t type) const {
  const auto found =
      std::ranges::find_if(segments_, [type](const ElfSegment& s) { return s.type == type; });
  return found == segments_.end() ? nullptr : &*found;
}

std::optional<std::uint64_t> ElfFile::file_offset(std::uint64_t vaddr) const {
  for (const ElfSegment& segment : segments_) {
    if (segment.type == PT_LOAD && vaddr >= segment.vaddr &&
        vaddr - segment.vaddr < segment.file_bytes) {
      return segment.offset + (vaddr - segment.vaddr);
    }
  }
  return std::nullopt;
}

const ElfSegment* ElfFile::code_segment(std::uint64_t vaddr) const {
  for (const ElfSegment& segment : code_) {
    if (vaddr >= segment.vaddr && vaddr - segment.vaddr < segment.file_bytes) return &segment;
  }
  return nullptr;
}

const ElfSegment* ElfFile::code_at(std::uint64_t offset) const {
  for (const ElfSegment& segment : code_) {
    if (offset >= segment.offset && offset - segment.offset < segment.file_bytes) return &segment;
  }
  return nullptr;
}

}  // namespace sonde
