// SPDX-License-Identifier: Apache-2.0
#include "agent/config/settings.h"

#include <fmt/format.h>

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

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kLeastMemoryMiB = 16;
constexpr std::uint64_t kMostMemoryMiB = std::uint64_t{1} << 20;

Result<void> set_cpu_budget(std::string_view value, Config& into) {
  constexpr double kLeast = 0.001;
  constexpr double kMost = 100'000;
  into.budgets.cpu_percent = 0;
  if (value == kOff) return {};
  double percent = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, percent, std::chars_format::fixed);
  if (error != std::errc() || stop != end || !(percent >= kLeast && percent <= kMost)) {
    return wrong("must be a percentage of one core from 0.001 to 100000, such as 2 or 0.5, or off");
  }
  into.budgets.cpu_percent = percent;
  return {};
}

Result<void> set_memory_budget(std::string_view value, Config& into) {
  into.budgets.memory_bytes = 0;
  if (value == kOff) return {};
  std::uint64_t mib = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, mib);
  if (error != std::errc() ||
      std::string_view(stop, static_cast<std::size_t>(end - stop)) != "MiB" ||
      mib < kLeastMemoryMiB || mib > kMostMemoryMiB) {
    return wrong("must be a whole number of MiB from 16MiB to 1048576MiB, or off");
  }
  into.budgets.memory_bytes = mib * kMiB;
  return {};
}

Result<void> set_opt_out(std::string_view value, Config& into) {
  into.opt_out.clear();
  if (value == kOff) return {};
  auto selectors = parse_process_selectors(value);
  if (!selectors) return wrong("is wrong: " + selectors.error().message);
  into.opt_out = *std::move(selectors);
  return {};
}

std::string opt_out_text(const Config& config) {
  std::string out;
  for (const ProcessSelector& one : config.opt_out) out += (out.empty() ? "" : "; ") + one.text;
  return out.empty() ? std::string(kOff) : out;
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
    Setting{
        "cpu_budget", "SONDE_CPU_BUDGET", "--cpu-budget", "2",
        "percent of one core that sonde may take, BPF programs included, on an average of 60 s; "
        "above it one tick of 2, 4, ... is kept; `off` is no limit",
        set_cpu_budget,
        [](const Config& config) {
          const double percent = config.budgets.cpu_percent;
          return percent > 0 ? fmt::format("{:g}", percent) : std::string(kOff);
        }},
    Setting{
        "memory_budget", "SONDE_MEMORY_BUDGET", "--memory-budget", "160MiB",
        "resident memory that sonde may take, its worker included, on an average of 60 s; above "
        "it caches go first, then ticks as for `cpu_budget`; `off` is no limit",
        set_memory_budget,
        [](const Config& config) {
          const std::uint64_t bytes = config.budgets.memory_bytes;
          return bytes > 0 ? std::to_string(bytes / kMiB) + "MiB" : std::string(kOff);
        }},
    Setting{"opt_out", "SONDE_OPT_OUT", "--opt-out", kOff,
            "processes that are not sampled, by `process`, `pid`, `cgroup` or `image`: "
            "`process=backup; cgroup=~/user.slice/.*`; `off` is none",
            set_opt_out, opt_out_text},
};

}  // namespace

std::span<const Setting> settings() { return kSettings; }

}  // namespace sonde
