// SPDX-License-Identifier: Apache-2.0
#include "agent/web/series_query.h"

#include <array>
#include <span>

#include "agent/web/parameters.h"

namespace sonde {
namespace {

constexpr std::array<std::string_view, 1> kRepeated = {"f"};
constexpr std::uint64_t kMinPoints = 16;
constexpr std::uint64_t kMaxPoints = 5'000;
constexpr std::uint64_t kMaxValues = 1'000;

// What every query begins with; `rest` takes what is its own.
template <typename Query, typename Rest>
Result<Query> parse(std::string_view query, std::int64_t now_ns,
                    std::span<const std::string_view> names, const Rest& rest) {
  const auto given = Parameters::parse(query, names, kRepeated);
  if (!given) return given.error();
  Query out;
  if (auto taken = take_selection(*given, now_ns, out); !taken) return taken.error();
  if (Result<void> done = rest(*given, out); !done) return done.error();
  return out;
}

}  // namespace

Result<SeriesQuery> parse_series_query(std::string_view query, std::int64_t now_ns) {
  constexpr std::array<std::string_view, 6> kNames = {"type", "from", "to", "g", "points", "live"};
  return parse<SeriesQuery>(
      query, now_ns, kNames, [](const Parameters& given, SeriesQuery& out) -> Result<void> {
        out.group = given.value("g", "");
        if (given.find("g") && !is_label_name(out.group)) {
          return Error{ErrorCode::kInvalidArgument, "g: must be a label"};
        }
        const auto points = number_of(given, "points", out.points, kMinPoints, kMaxPoints);
        if (!points) return points.error();
        out.points = *points;
        const auto live = live_of(given);
        if (!live) return live.error();
        out.live = *live;
        return {};
      });
}

Result<ValuesQuery> parse_values_query(std::string_view query, std::int64_t now_ns) {
  constexpr std::array<std::string_view, 5> kNames = {"type", "from", "to", "q", "limit"};
  return parse<ValuesQuery>(
      query, now_ns, kNames, [](const Parameters& given, ValuesQuery& out) -> Result<void> {
        out.text = given.value("q", "");
        const auto limit = number_of(given, "limit", out.limit, 1, kMaxValues);
        if (!limit) return limit.error();
        out.limit = *limit;
        return {};
      });
}

Result<SelectionQuery> parse_selection_query(std::string_view query, std::int64_t now_ns) {
  constexpr std::array<std::string_view, 3> kNames = {"type", "from", "to"};
  return parse<SelectionQuery>(
      query, now_ns, kNames, [](const Parameters&, SelectionQuery&) -> Result<void> { return {}; });
}

}  // namespace sonde
