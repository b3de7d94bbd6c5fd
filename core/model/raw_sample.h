// SPDX-License-Identifier: Apache-2.0
// Stage 2's output: one record of the sample ring, checked, not yet tied to a process or image.
#pragma once

#include <cstdint>
#include <vector>

#include "bpf/abi/sample.h"

namespace sonde {

struct RawSample {
  sonde_sample header{};
  std::vector<std::uint64_t> kernel;  // addresses, leaf first
  // Frame words (bpf/abi/frame.h), leaf first; of a deferred sample registers, then stack memory
  // (struct sonde_deferred).
  std::vector<std::uint64_t> user;

  [[nodiscard]] bool is_deferred() const { return (header.flags & SONDE_SAMPLE_DEFERRED) != 0; }
};

}  // namespace sonde
