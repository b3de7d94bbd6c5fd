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
  std::vector<std::uint64_t> user;    // frame words (bpf/abi/frame.h), leaf first
};

}  // namespace sonde
