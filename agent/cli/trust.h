// SPDX-License-Identifier: Apache-2.0
// Whether a running agent's profiles can be trusted: the badge of the page, in the terminal
// (exporters/text/web/health.js has the same rules). Pure functions.
#pragma once

#include <cstdint>

#include "core/base/json.h"

namespace sonde {

struct TrustFigures {
  std::uint64_t samples = 0;
  std::uint64_t whole = 0;     // samples whose stack misses nothing
  std::uint64_t early = 0;     // taken before their code was known: they count apart
  std::uint64_t lost = 0;      // samples, and ticks that were missed
  std::uint64_t missed = 0;    // of them, ticks
  std::uint64_t expected = 0;  // ticks; 0: not known
  bool adds_up = true;         // false: ticks are unaccounted for, a fault of sonde
};

// Of the answer of /api/v1/health, or of a flame payload.
TrustFigures trust_of_health(const Json& health);
TrustFigures trust_of_flame(const Json& payload);

// 0..1, rounded to the tenth of a percent that is shown; 1 if there is no stack.
double whole_share(const TrustFigures& trust);
// Of what should have been sampled (core/model/books.h).
double lost_share(const TrustFigures& trust);

enum class TrustLevel { kOk, kWarn, kBad };
TrustLevel judge(const TrustFigures& trust);

}  // namespace sonde
