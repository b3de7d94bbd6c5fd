// SPDX-License-Identifier: Apache-2.0
#include "agent/web/time_range.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>

namespace sonde {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kDayNs = 86'400 * kNsPerSecond;
constexpr std::int64_t kMaxNs = 9'000'000'000 * kNsPerSecond;  // the year 2255

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
constexpr std::array kUnits = {
    Unit{"ms", kNsPerMs},           Unit{"s", kNsPerSecond}, Unit{"m", 60 * kNsPerSecond},
    Unit{"h", 3600 * kNsPerSecond}, Unit{"d", kDayNs},       Unit{"w", 7 * kDayNs}};

// The digits in front, at most `max` of them; cut off `rest`.
std::optional<std::int64_t> take_number(std::string_view& rest, std::size_t max) {
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  if (digits == 0 || digits > max) return std::nullopt;
  std::int64_t value = 0;
  std::from_chars(rest.data(), rest.data() + digits, value);
  rest.remove_prefix(digits);
  return value;
}

// `1h30m`.
std::optional<std::int64_t> duration_of(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    const auto number = take_number(text, 9);
    if (!number) return std::nullopt;
    // The letters up to the next digit: `m` must not take the half of `ms`.
    const std::size_t letters = std::min(text.find_first_of("0123456789"), text.size());
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& one) {
      return one.name == text.substr(0, letters);
    });
    if (unit == kUnits.end() || *number > (kMaxNs - total) / unit->ns) return std::nullopt;
    total += *number * unit->ns;
    text.remove_prefix(letters);
  }
  return total;
}

// Digits of a fixed number, then `mark` (none if it is zero).
std::optional<std::int64_t> take_field(std::string_view& rest, std::size_t digits, char mark) {
  std::string_view head = rest.substr(0, digits);
  const auto value = take_number(head, digits);
  if (!value || !head.empty() || rest.size() < digits) return std::nullopt;
  rest.remove_prefix(digits);
  if (mark == '\0') return *value;
  if (!rest.starts_with(mark)) return std::nullopt;
  rest.remove_prefix(1);
  return *value;
}

// `Z`, `+02:00`: what is to be taken off to come to UTC, in seconds.
std::optional<std::int64_t> offset_of(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '+' ? 1 : -1;
  text.remove_prefix(1);
  const auto hours = take_field(text, 2, ':');
  const auto minutes = hours ? take_field(text, 2, '\0') : std::nullopt;
  if (!minutes || !text.empty() || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * (*hours * 3600 + *minutes * 60);
}

// `.125` in nanoseconds, 0 without a point; cut off `rest`.
std::optional<std::int64_t> take_fraction(std::string_view& rest) {
  if (!rest.starts_with('.')) return 0;
  rest.remove_prefix(1);
  const std::size_t before = rest.size();
  auto value = take_number(rest, 9);
  if (!value) return std::nullopt;
  for (std::size_t digits = before - rest.size(); digits < 9; ++digits) *value *= 10;
  return value;
}

std::optional<std::int64_t> rfc3339_of(std::string_view text) {
  const auto year = take_field(text, 4, '-');
  const auto month = year ? take_field(text, 2, '-') : std::nullopt;
  const auto day = month ? take_field(text, 2, 'T') : std::nullopt;
  const auto hour = day ? take_field(text, 2, ':') : std::nullopt;
  const auto minute = hour ? take_field(text, 2, ':') : std::nullopt;
  const auto second = minute ? take_field(text, 2, '\0') : std::nullopt;
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  const auto fraction = take_fraction(text);
  const auto offset = fraction ? offset_of(text) : std::nullopt;
  if (!offset || !date.ok() || *year < 1970 || *year > 2254) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = *hour * 3600 + *minute * 60 + *second - *offset;
  return days * kDayNs + seconds * kNsPerSecond + *fraction;
}

bool is_relative(std::string_view text) { return text.starts_with("now") || text.starts_with('-'); }

std::optional<std::int64_t> time_of(std::string_view text, std::int64_t now_ns) {
  if (text == "now") return now_ns;
  std::string_view relative = text;
  if (relative.starts_with("now")) relative.remove_prefix(3);
  if (relative.starts_with('-')) {
    const auto ago = duration_of(relative.substr(1));
    return ago ? std::optional(std::max<std::int64_t>(now_ns - *ago, 0)) : std::nullopt;
  }
  std::string_view rest = text;
  const auto ms = take_number(rest, 13);
  if (ms && rest.empty()) {
    return *ms <= kMaxNs / kNsPerMs ? std::optional(*ms * kNsPerMs) : std::nullopt;
  }
  return rfc3339_of(text);
}

}  // namespace

Result<std::int64_t> parse_time(std::string_view text, std::int64_t now_ns) {
  const auto time = time_of(text, now_ns);
  if (time) return *time;
  return Error{ErrorCode::kInvalidArgument,
               std::string(text) +
                   " is no time; write now, -5m, a Unix time in milliseconds or "
                   "2025-06-13T14:02:00Z"};
}

Result<TimeRange> parse_time_range(std::string_view from, std::string_view to,
                                   std::int64_t now_ns) {
  const auto begin = parse_time(from, now_ns);
  if (!begin) return begin.error().with_context("from");
  const auto end = parse_time(to, now_ns);
  if (!end) return end.error().with_context("to");
  if (*begin >= *end) return Error{ErrorCode::kInvalidArgument, "from is not before to"};
  return TimeRange{*begin, *end, to == "now", !is_relative(from) && !is_relative(to)};
}

}  // namespace sonde
