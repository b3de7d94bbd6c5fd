// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/figures.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace sonde {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

}  // namespace

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

double to_seconds(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / static_cast<double>(kNsPerSecond);
}

std::string format_fixed(double value, int decimals) {
  return fmt::format("{:.{}f}", value, decimals);
}

std::string format_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string format_percent(double share) {
  const double percent = share * 100.0;
  if (!(percent > 0.0)) return "0 %";
  if (percent < 0.005) return "< 0.01 %";
  if (percent < 0.05) return fmt::format("{:.2f} %", percent);
  if (percent < 99.95) return fmt::format("{:.1f} %", percent);
  // Rounding must not turn "nearly all" into "all", nor a share over 100 % into 100 %.
  if (percent < 100.0) return "99.9 %";
  return percent < 100.5 ? "100 %" : fmt::format("{:.0f} %", percent);
}

std::string format_duration(std::uint64_t nanoseconds) {
  const double seconds = to_seconds(nanoseconds);
  if (nanoseconds == 0) return "0 s";
  if (seconds < 0.9995e-3) return fmt::format("{:.0f} µs", seconds * 1e6);
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 9.995 && nanoseconds % 100'000'000 != 0) return fmt::format("{:.2f} s", seconds);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  const std::uint64_t minutes = whole / 60;
  if (minutes < std::uint64_t{24} * 60)
    return fmt::format("{} h {} min", minutes / 60, minutes % 60);
  return fmt::format("{} d {} h", minutes / 60 / 24, minutes / 60 % 24);
}

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1023.5 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, value < 9.95 ? 1 : 0, kUnits.at(unit));
}

}  // namespace sonde
