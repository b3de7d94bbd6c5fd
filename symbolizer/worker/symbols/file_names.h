// SPDX-License-Identifier: Apache-2.0
// File offsets in, the names message out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/base/result.h"
#include "symbolizer/worker/symbols/name_cache.h"
#include "symbolizer/worker/unwind/file_rows.h"

namespace sonde {

struct NamesQuery {
  int fd = -1;
  std::span<const std::uint64_t> offsets;  // ascending
  int debug_fd = -1;                       // a separate debug file, or -1
  // What the debug file's CRC must be; unset: its build id decides.
  std::optional<std::uint32_t> debug_crc = {};
  // If somebody has read the file's unwind tables: taken if it spares reading them again.
  std::optional<FrameSource>* source = nullptr;
};

struct NamesReply {
  NamesAnswer message;  // WireNamesHeader and what follows it
  bool debug_file_rejected = false;
  bool reused = false;      // of an index that was there
  std::size_t evicted = 0;  // indexes that left the cache for this one
};

// errors: those of ElfFile::open() for the file itself; whatever is wrong with the debug file
// only rejects that one.
Result<NamesReply> names_of(const NamesQuery& query, NameCache& cache);

}  // namespace sonde
