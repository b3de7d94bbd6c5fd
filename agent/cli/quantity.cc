// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace sonde {

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double seconds;
  };
  constexpr std::array kUnits = {Unit{"ms", 1e-3}, Unit{"s", 1}, Unit{"m", 60}, Unit{"h", 3600},
                                 Unit{"", 1}};
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const auto unit =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& one) { return one.name == rest; });
  if (unit == kUnits.end()) return std::nullopt;
  constexpr double kMin = 1e-3;
  constexpr double kMax = 30.0 * 24 * 3600;
  const double seconds = value * unit->seconds;
  if (!(seconds >= kMin && seconds <= kMax)) return std::nullopt;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

std::optional<double> parse_percent(std::string_view text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (!rest.empty() && rest != "%" && rest != " %") return std::nullopt;
  if (!(value >= 0 && value <= 100)) return std::nullopt;
  return value / 100;
}

std::function<std::string(const std::string&)> whole_number(std::uint32_t least, std::uint32_t most,
                                                            const std::string& example) {
  return [=](const std::string& text) -> std::string {
    std::uint32_t value = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec == std::errc() && parsed.ptr == end && value >= least && value <= most) return "";
    return text + " is not a whole number from " + std::to_string(least) + " to " +
           std::to_string(most) + ", such as " + example;
  };
}

}  // namespace sonde
