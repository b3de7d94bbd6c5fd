// SPDX-License-Identifier: Apache-2.0
// What a file says about itself: build id, debug link, which symbol tables it has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "symbolizer/wire/messages.h"
#include "symbolizer/worker/elf/elf_file.h"

namespace sonde {

// Raw bytes of NT_GNU_BUILD_ID, from PT_NOTE segments or, without program headers for it, from
// SHT_NOTE sections; empty if there is none or it is longer than 64 bytes.
std::string read_build_id(const ElfFile& file);

struct Debuglink {
  std::string name;  // a file name without a slash
  std::uint32_t crc = 0;
};
std::optional<Debuglink> read_debuglink(const ElfFile& file);

// All of it but the hash and has_unwind_tables. Parts that cannot be read are absent.
WireFileInfo identify(const ElfFile& file);

// CRC-32 of a whole file as .gnu_debuglink wants it (the polynomial of zlib). cost: 0.5 ns a byte.
Result<std::uint32_t> crc_of_file(int fd, std::uint64_t size);

}  // namespace sonde
