// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/figures.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace sonde {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

std::string fixed(double value, int decimals) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string three_digits(double value) {
  return fixed(value, value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

}  // namespace

std::string count_text(std::uint64_t value) {
  std::string out = std::to_string(value);
  for (std::size_t at = out.size(); at > 3;) {
    at -= 3;
    out.insert(at, 1, ',');
  }
  return out;
}

std::string percent_text(double share, const char* space) {
  const double percent = share * 100;
  if (!(percent > 0)) return std::string("0") + space + '%';
  if (percent < 0.01) return std::string("<") + space + "0.01" + space + '%';
  return three_digits(percent) + space + '%';
}

std::string time_text(std::uint64_t ns) {
  const double seconds = static_cast<double>(ns) / static_cast<double>(kNsPerSecond);
  if (seconds >= 3600) {
    const auto minutes = static_cast<std::uint64_t>(std::llround(seconds / 60));
    return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
  }
  if (seconds >= 60) {
    const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
    return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  }
  if (seconds >= 1) return three_digits(seconds) + " s";
  if (seconds >= 1e-3) return three_digits(seconds * 1e3) + " ms";
  if (ns > 0) return three_digits(seconds * 1e6) + " \xc2\xb5s";
  return "0";
}

std::string utc_text(std::uint64_t unix_ns) {
  const auto seconds = static_cast<std::time_t>(unix_ns / kNsPerSecond);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return text.data();
}

}  // namespace sonde
