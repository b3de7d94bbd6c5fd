// SPDX-License-Identifier: Apache-2.0
// What the agent takes of the host: its own process and its workers'. Stateless, thread-safe.
#pragma once

#include <cstdint>

#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

struct OwnUsage {
  double cpu_seconds = 0;          // user + system, since the start
  std::uint64_t memory_bytes = 0;  // resident now; pages that several have mapped count each time
};

// What cannot be read counts as nothing.
//
// cost    getrusage and two small files of /proc: about 20 us.
// source  getrusage(2), proc(5)
OwnUsage read_own_usage(const SymbolizerClient& symbolizer);

}  // namespace sonde
