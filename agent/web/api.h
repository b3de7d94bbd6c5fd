// SPDX-License-Identifier: Apache-2.0
// The HTTP interface of the agent (docs/api.md), put together: everything below `/api/v1`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "agent/store/history.h"
#include "agent/store/profile_reader.h"
#include "agent/web/agent_facts.h"
#include "agent/web/router.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/model/closed_window.h"
#include "core/model/process_selector.h"

namespace sonde {

// The windows that are being filled, as far as they are, oldest first; the history has every window
// before them, but for what the problem says.
struct OpenWindows {
  std::vector<ClosedWindow> windows = {};
  std::string problem = {};  // a sentence; empty: none
};

// What the answers are made of. The functions are called by several threads at once.
struct ApiSources {
  History& history;
  ProfileReader& profiles;
  std::function<OpenWindows()> open_windows;
  std::function<AgentFacts()> facts;
  // Samples these processes more often for so long. errors: kResourceExhausted (too many are).
  // Without it there are no such paths.
  std::function<Result<BoostFacts>(const ProcessSelector&, std::chrono::seconds)> boost{};
  std::function<bool(std::uint64_t id)> end_boost{};  // false: there is none of this id
  std::function<std::uint64_t()> now_ns = wall_ns;    // Unix time
  std::chrono::milliseconds patience{30'000};         // of one answer, then 503
};

// Adds every path of docs/api.md below `/api/v1`.
//
// sources  what it refers to outlives the router.
void add_api(Router& router, ApiSources sources);

}  // namespace sonde
