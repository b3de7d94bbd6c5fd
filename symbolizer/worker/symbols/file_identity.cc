// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/file_identity.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::uint64_t kMaxNotes = 1U << 20;
constexpr std::size_t kCrcChunk = std::size_t{256} * 1024;

std::uint64_t padded(std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; }

std::string find_build_id(ByteSpan notes) {
  ByteReader reader(notes);
  while (reader.left() >= sizeof(Elf64_Nhdr)) {
    const auto name_bytes = reader.fixed<std::uint32_t>();
    const auto data_bytes = reader.fixed<std::uint32_t>();
    const auto type = reader.fixed<std::uint32_t>();
    const ByteSpan name = reader.bytes(padded(name_bytes));
    const ByteSpan data = reader.bytes(std::min<std::uint64_t>(padded(data_bytes), reader.left()));
    if (reader.failed() || data.size() < data_bytes) break;
    if (type != NT_GNU_BUILD_ID || name_bytes != 4 || std::memcmp(name.data(), "GNU", 4) != 0) {
      continue;
    }
    if (data_bytes == 0 || data_bytes > kMaxBuildIdBytes) break;
    return std::string(reinterpret_cast<const char*>(data.data()), data_bytes);
  }
  return {};
}

// Eight tables: one step per 8 bytes ("slicing by 8").
using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;
constexpr CrcTables make_crc_tables() {
  CrcTables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) * 0xedb88320U);
    tables[0][i] = value;
  }
  for (std::size_t t = 1; t < tables.size(); ++t) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint32_t previous = tables[t - 1][i];
      tables[t][i] = (previous >> 8U) ^ tables[0][previous & 0xffU];
    }
  }
  return tables;
}
constexpr CrcTables kCrc = make_crc_tables();

std::uint32_t crc_update(std::uint32_t crc, ByteSpan bytes) {
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof(word));
    word ^= crc;
    crc = 0;
    for (std::size_t t = 0; t < 8; ++t) crc ^= kCrc[7 - t][(word >> (8 * t)) & 0xffU];
  }
  for (; i < bytes.size(); ++i) crc = (crc >> 8U) ^ kCrc[0][(crc ^ bytes[i]) & 0xffU];
  return crc;
}

bool has_section(const ElfFile& file, std::uint32_t type) {
  return std::ranges::any_of(file.sections(), [type](const ElfSection& section) {
    return section.type == type && section.size > sizeof(Elf64_Sym);
  });
}

}  // namespace

std::string read_build_id(const ElfFile& file) {
  for (const ElfSegment& segment : file.segments()) {
    if (segment.type != PT_NOTE) continue;
    auto bytes = file.read(segment.offset, segment.file_bytes, kMaxNotes);
    if (!bytes) continue;
    if (auto id = find_build_id(bytes->span()); !id.empty()) return id;
  }
  for (const ElfSection& section : file.sections()) {
    if (section.type != SHT_NOTE) continue;
    auto bytes = file.read(section, kMaxNotes);
    if (!bytes) continue;
    if (auto id = find_build_id(bytes->span()); !id.empty()) return id;
  }
  return {};
}

std::optional<Debuglink> read_debuglink(const ElfFile& file) {
  const ElfSection* section = file.find_section(".gnu_debuglink");
  if (section == nullptr) return std::nullopt;
  auto bytes = file.read(*section, 4096);
  if (!bytes) return std::nullopt;
  const ByteSpan all = bytes->span();
  const auto end = std::ranges::find(all, std::uint8_t{0});
  const auto size = static_cast<std::size_t>(end - all.begin());
  if (size == 0 || size > kMaxDebuglinkBytes || end == all.end()) return std::nullopt;
  ByteReader reader(all);
  reader.skip(padded(size + 1));
  Debuglink link{std::string(reinterpret_cast<const char*>(all.data()), size),
                 reader.fixed<std::uint32_t>()};
  if (reader.failed() || link.name.find('/') != std::string::npos || link.name == "." ||
      link.name == "..") {
    return std::nullopt;
  }
  return link;
}

WireFileInfo identify(const ElfFile& file) {
  WireFileInfo info;
  const std::string build_id = read_build_id(file);
  std::ranges::copy(build_id, info.build_id.begin());
  info.build_id_bytes = static_cast<std::uint32_t>(build_id.size());
  if (const auto link = read_debuglink(file)) {
    std::ranges::copy(link->name, info.debuglink.begin());
    info.debuglink_crc = link->crc;
  }
  const bool packed = file.find_section(".gnu_debugdata") != nullptr;
  info.has_symtab = has_section(file, SHT_SYMTAB) || packed ? 1 : 0;
  const bool unsectioned = file.sections().empty() && file.find_segment(PT_DYNAMIC) != nullptr;
  info.has_dynsym = has_section(file, SHT_DYNSYM) || unsectioned ? 1 : 0;
  return info;
}

Result<std::uint32_t> crc_of_file(int fd, std::uint64_t size) {
  ByteBuffer buffer(kCrcChunk);
  std::uint32_t crc = 0xffffffffU;
  for (std::uint64_t done = 0; done < size;) {
    auto got = pread_full(fd, buffer.writable(), static_cast<std::size_t>(done));
    if (!got) return got.error();
    if (*got == 0) break;
    crc = crc_update(crc, buffer.span().first(*got));
    done += *got;
  }
  return ~crc;
}

}  // namespace sonde
