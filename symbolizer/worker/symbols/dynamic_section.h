// SPDX-License-Identifier: Apache-2.0
// The dynamic symbol table as the loader finds it, through PT_DYNAMIC: for files whose section
// headers were stripped.
#pragma once

#include "core/base/result.h"
#include "symbolizer/worker/elf/elf_file.h"

namespace sonde {

struct DynamicSymbols {
  ByteBuffer entries;  // Elf64_Sym
  ByteBuffer strings;
};

// The number of symbols comes from DT_HASH or DT_GNU_HASH.
// errors: corrupt (a table is missing or contradicts the file), too_large, unreadable.
Result<DynamicSymbols> read_dynamic_symbols(const ElfFile& file);

}  // namespace sonde
