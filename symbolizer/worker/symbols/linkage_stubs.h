// SPDX-License-Identifier: Apache-2.0
// Names for procedure linkage table stubs, `malloc@plt`: no symbol table has them.
#pragma once

#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/symbols/symbol_table.h"

namespace sonde {

// Decodes each stub's indirect jump to find its GOT slot, and the relocation of that slot to find
// the symbol: independent of which of the linkers' many layouts is used. Damaged tables add
// nothing.
void add_linkage_stubs(const ElfFile& file, SymbolTable& table);

}  // namespace sonde
