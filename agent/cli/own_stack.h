// SPDX-License-Identifier: Apache-2.0
// Records this very process while it runs through a known chain of calls, and compares what was
// unwound with the return addresses the chain itself saw: the proof that recording works here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/result.h"

namespace sonde {

struct OwnStackResult {
  std::size_t expected = 0;    // frames of the chain
  std::size_t found = 0;       // of the best stack, in an unbroken row
  std::uint64_t samples = 0;   // taken in the chain's thread
  std::uint64_t whole = 0;     // of those, stacks with the whole chain that reached their root
  std::string commonest_stop;  // stop reason of the stacks that did not
};

// errors  those of Session. cost: about half a second.
Result<OwnStackResult> unwind_own_stack(const std::string& cache_dir);

}  // namespace sonde
