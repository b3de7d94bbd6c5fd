// SPDX-License-Identifier: Apache-2.0
// What the running agent was told, checked once and never changed: a reload makes a new one. Plain
// data, handed down by const reference.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/config/listen_address.h"
#include "core/model/process_selector.h"

namespace sonde {

// What sonde may take of the host: user and system time of all its processes with the run time of
// its BPF programs, and their resident memory.
struct Budgets {
  double cpu_percent = 0;          // of one core; 0 = none
  std::uint64_t memory_bytes = 0;  // 0 = none

  bool operator==(const Budgets&) const = default;
};

// agent/config/settings.h describes each field and holds its default.
struct Config {
  ListenAddress listen;                           // page, API, metrics and health
  std::optional<ListenAddress> telemetry_listen;  // metrics and health alone; none = off
  std::string state_dir;                          // an absolute path
  std::uint32_t rate_hz = 0;                      // clock ticks a second and CPU
  Budgets budgets;
  std::vector<ProcessSelector> opt_out;  // processes that are not sampled
};

}  // namespace sonde
