// SPDX-License-Identifier: Apache-2.0
// MiniDebugInfo: a whole ELF file inside the section .gnu_debugdata, xz-packed, with the symbols
// that .dynsym lacks.
#pragma once

#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/symbols/symbol_table.h"

namespace sonde {

// Adds its symbols; a file without it, or one that cannot be unpacked, adds nothing.
void add_mini_debug_info(const ElfFile& file, SymbolTable& table);

}  // namespace sonde
