// SPDX-License-Identifier: Apache-2.0
// Stage 2: bytes of the sample ring -> RawSample. Trusts no length in the record.
#pragma once

#include <cstddef>
#include <span>

#include "core/base/result.h"
#include "core/model/raw_sample.h"

namespace sonde {

// out      keeps the memory it has: parsing into the same sample again allocates nothing.
// errors   kDataLoss (shorter than its own counts say, or an impossible count or reason); `out` is
//          of no use then.
Result<void> parse_sample(std::span<const std::byte> record, RawSample& out);

}  // namespace sonde
