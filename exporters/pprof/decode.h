// SPDX-License-Identifier: Apache-2.0
// pprof file -> SymbolizedProfile: what encode.h wrote comes back whole; profiles of other tools
// are read as far as their facts go. Input is hostile: every index is checked, memory is bounded.
// Stateless, thread-safe.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/base/result.h"
#include "core/model/profile.h"

namespace sonde {

struct PprofLimits {
  std::size_t max_bytes = std::size_t{1} << 30;         // of the message after decompression
  std::size_t max_memory_bytes = std::size_t{1} << 31;  // of the decoded profile, estimated
};

// Reads one profile, gzip or bare.
//
// Other tools' files: the value is cpu/nanoseconds, else the first type in nanoseconds, else
// samples times period (a type that is no CPU time, counts without a period in nanoseconds among
// them, is named in notes as `value_type:TYPE/UNIT`); origins follow from the mappings; a sample's
// process is its label process, comm or process_name, else the main binary; stacks count as whole;
// locations without a function get `file+0xaddress` with the reason no_symbols. Samples with a
// negative value are left out and counted in the note `negative_values`.
//
// errors  kInvalidArgument  damaged or not a profile. The message gives the byte offset (in the
//                           file for damaged gzip, else in the uncompressed profile) and how many
//                           samples in front of it are intact.
//         kDataLoss         the file is cut short, same message
//         kOutOfRange       over a limit
// cost    linear.
Result<SymbolizedProfile> decode_pprof(std::string_view bytes, const PprofLimits& limits = {});

}  // namespace sonde
