// SPDX-License-Identifier: Apache-2.0
// What sums over time and lists of labels are asked for. Stateless, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/web/selection_query.h"
#include "core/base/result.h"

namespace sonde {

// `GET /api/v1/series`
struct SeriesQuery : SelectionQuery {
  std::string group;           // a label; empty: no groups
  std::uint64_t points = 500;  // columns at most
  bool live = false;           // the open window counts as well
};

// `GET /api/v1/label/NAME/values`
struct ValuesQuery : SelectionQuery {
  std::string text;  // values must contain it, whatever their case
  std::uint64_t limit = 50;
};

// errors of these  as parse_flame_query().
Result<SeriesQuery> parse_series_query(std::string_view query, std::int64_t now_ns);
Result<ValuesQuery> parse_values_query(std::string_view query, std::int64_t now_ns);
// `GET /api/v1/labels` and `/health`
Result<SelectionQuery> parse_selection_query(std::string_view query, std::int64_t now_ns);

}  // namespace sonde
