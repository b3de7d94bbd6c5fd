// SPDX-License-Identifier: Apache-2.0
#include "agent/config/settings.h"

#include <array>
#include <charconv>
#include <climits>

#include "core/base/utf8.h"

namespace sonde {
namespace {

constexpr std::string_view kOff = "off";
constexpr std::uint32_t kMaxRateHz = 1000;  // of a clock that never stops; `record -F` goes higher

Error wrong(std::string what) { return {ErrorCode::kInvalidArgument, std::move(what)}; }

Result<void> set_listen(std::string_view value, Config& into) {
  auto address = parse_listen_address(value);
  if (!address) return address.error();
  into.listen = *std::move(address);
  return {};
}

Result<void> set_telemetry_listen(std::string_view value, Config& into) {
  into.telemetry_listen.reset();
  if (value == kOff) return {};
  auto address = parse_listen_address(value);
  if (!address) return wrong(address.error().message + ", or off");
  into.telemetry_listen = *std::move(address);
  return {};
}

Result<void> set_state_dir(std::string_view value, Config& into) {
  if (!value.starts_with('/')) return wrong("must be an absolute path, such as /var/lib/sonde");
  if (value.size() >= PATH_MAX) return wrong("is longer than a path may be");
  if (!is_valid_utf8(value) || value.find_first_of(std::string_view("\0\r\n", 3)) != value.npos) {
    return wrong("must be UTF-8 on one line");
  }
  into.state_dir = value;
  return {};
}

Result<void> set_rate(std::string_view value, Config& into) {
  std::uint32_t rate = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, rate);
  if (error != std::errc() || stop != end || rate < 1 || rate > kMaxRateHz) {
    return wrong("must be a whole number of Hz from 1 to " + std::to_string(kMaxRateHz));
  }
  into.rate_hz = rate;
  return {};
}

constexpr std::array kSettings = {
    Setting{"listen", "SONDE_LISTEN", "--listen", "127.0.0.1:7663",
            "address and port of the page, the API, the metrics and the health checks; port 0 is "
            "any free one",
            set_listen, [](const Config& config) { return config.listen.text(); }},
    Setting{"telemetry_listen", "SONDE_TELEMETRY_LISTEN", "--telemetry-listen", kOff,
            "address and port for other machines: metrics and health checks alone; `off` is none",
            set_telemetry_listen,
            [](const Config& config) {
              return config.telemetry_listen ? config.telemetry_listen->text() : std::string(kOff);
            }},
    Setting{"state_dir", "SONDE_STATE_DIR", "--state-dir", "/var/lib/sonde",
            "absolute path of the directory that keeps the history; other users than root: "
            "`$XDG_STATE_HOME/sonde` or `~/.local/state/sonde`",
            set_state_dir, [](const Config& config) { return config.state_dir; }},
    Setting{"rate", "SONDE_RATE", "--rate", "19",
            "samples a second of each CPU, 1 to 1000 Hz; a prime number keeps out of step with "
            "what programs do periodically",
            set_rate, [](const Config& config) { return std::to_string(config.rate_hz); }},
};

}  // namespace

std::span<const Setting> settings() { return kSettings; }

}  // namespace sonde
