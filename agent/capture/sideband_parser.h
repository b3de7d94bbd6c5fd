// SPDX-License-Identifier: Apache-2.0
// Bytes of a perf sideband record (perf_event_open(2)) -> event. Trusts no length.
#pragma once

#include <cstddef>
#include <span>
#include <variant>

#include "core/base/result.h"
#include "core/model/process_event.h"

namespace sonde {

struct SidebandLost {
  std::uint64_t records = 0;
};
struct SidebandOther {};
using SidebandRecord =
    std::variant<SidebandOther, MappingEvent, ExecEvent, KernelSymbolEvent, SidebandLost>;

// record   one whole record, header included, of an event opened with sample_id_all and
//          sample_type = PERF_SAMPLE_TIME (so its last 8 bytes are the time).
// errors   kDataLoss (shorter than its type needs).
Result<SidebandRecord> parse_sideband(std::span<const std::byte> record);

}  // namespace sonde
