// SPDX-License-Identifier: Apache-2.0
// What the running agent was told, checked once and never changed: a reload makes a new one. Plain
// data, handed down by const reference.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/config/listen_address.h"

namespace sonde {

// agent/config/settings.h describes each field and holds its default.
struct Config {
  ListenAddress listen;                           // page, API, metrics and health
  std::optional<ListenAddress> telemetry_listen;  // metrics and health alone; none = off
  std::string state_dir;                          // an absolute path
  std::uint32_t rate_hz = 0;                      // clock ticks a second and CPU
};

}  // namespace sonde
