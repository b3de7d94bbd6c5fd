// SPDX-License-Identifier: Apache-2.0
// `/healthz`: the process answers. `/readyz`: it does its job, or why not.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "agent/web/router.h"

namespace sonde {

struct Readiness {
  bool ready = false;
  std::string why;  // one sentence; also when it is ready
};

// Ready as long as a clock tick was seen within 60 s: idle and filtered ticks count, so that an
// idle node is ready.
//
// last_tick  how long ago the last tick was; none = none since the start.
Readiness readiness_of_ticks(std::optional<std::chrono::nanoseconds> last_tick,
                             std::chrono::nanoseconds since_start);

// Adds both. `/healthz` is 200; `/readyz` 200 or 503; bodies {"status", "reason"}.
//
// readiness  asked at each request, by several threads.
void add_health(Router& router, std::function<Readiness()> readiness);

}  // namespace sonde
