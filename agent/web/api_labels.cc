// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "agent/web/api_answer.h"
#include "agent/web/api_series.h"
#include "agent/web/series_query.h"
#include "core/base/ascii.h"
#include "core/base/json.h"

namespace sonde {
namespace {

// ASCII letters alone: other alphabets compare as they are written.
bool contains_ignoring_case(std::string_view text, std::string_view part) {
  // Not std::ranges::search: clang 14 cannot compile its result.
  const auto same = [](char a, char b) { return lower(a) == lower(b); };
  return part.empty() ||
         std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

SumOptions until_patience(const ApiSources& sources) {
  SumOptions options;
  options.deadline = std::chrono::steady_clock::now() + sources.patience;
  return options;
}

TimeRange whole_windows(const ApiSources& sources, const TimeRange& range) {
  return in_whole_windows(range, static_cast<std::int64_t>(sources.facts().window_ns));
}

}  // namespace

HttpResponse answer_labels(const ApiSources& sources, const HttpRequest& request) {
  const auto query =
      parse_selection_query(request.query, static_cast<std::int64_t>(sources.now_ns()));
  if (!query) return error_answer(query.error());
  const HistoryRange range = history_range(whole_windows(sources, query->range));
  const auto sums = sources.history.sums({range, query->match}, until_patience(sources));
  if (!sums) return error_answer(sums.error());
  std::map<std::string, std::set<std::string>> values;
  for (const TargetTotals& target : *sums) {
    for (const auto& [name, value] : target.labels) values[name].insert(value);
  }
  Json labels = Json::array();
  for (const auto& [name, of] : values) labels.push_back({{"name", name}, {"values", of.size()}});
  return {.body = json_text({{"v", 1}, {"labels", std::move(labels)}})};
}

HttpResponse answer_label_values(const ApiSources& sources, const HttpRequest& request) {
  const auto query = parse_values_query(request.query, static_cast<std::int64_t>(sources.now_ns()));
  if (!query) return error_answer(query.error());
  const HistoryRange range = history_range(whole_windows(sources, query->range));
  SumOptions options = until_patience(sources);
  options.group_by = std::vector{request.wildcard};
  const auto sums = sources.history.sums({range, query->match}, options);
  if (!sums) return error_answer(sums.error());
  Json values = Json::array();
  std::uint64_t more = 0;
  for (const TargetTotals& one : *sums) {
    const auto value = one.labels.find(request.wildcard);
    if (value == one.labels.end() || !contains_ignoring_case(value->second, query->text)) continue;
    if (values.size() == query->limit) {
      ++more;
      continue;
    }
    values.push_back(
        {{"value", value->second}, {"ns", one.totals.cpu_ns}, {"samples", one.totals.samples}});
  }
  return {
      .body = json_text(
          {{"v", 1}, {"name", request.wildcard}, {"values", std::move(values)}, {"more", more}})};
}

}  // namespace sonde
