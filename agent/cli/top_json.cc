// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_json.h"

#include <algorithm>

#include "agent/cli/figures.h"
#include "core/model/aggregate.h"

namespace sonde {
namespace {

const char* name_of(TopBy by) {
  return by == TopBy::kProcess ? "process" : by == TopBy::kCgroup ? "cgroup" : "function";
}

Json row_json(const TopRow& row, TopBy by, std::uint64_t length_ns) {
  const double cpu = ratio(row.cpu_ns, length_ns);
  const double second = ratio(row.second_ns, length_ns);
  if (by == TopBy::kFunction) {
    return {{"name", row.name},      {"image", row.image},    {"origin", to_string(row.origin)},
            {"self_cores", cpu},     {"total_cores", second}, {"samples", row.samples},
            {"process", row.hottest}};
  }
  return {{"name", row.name},
          {"pid", row.pid},
          {"processes", row.processes},
          {"cpu_cores", cpu},
          {"kernel_cores", second},
          {"samples", row.samples},
          {"whole_share", whole_share(row.whole, row.samples, row.early)},
          {"hottest",
           {{"function", row.hottest},
            {"image", row.image},
            {"origin", to_string(row.origin)},
            {"cpu_cores", ratio(row.hottest_ns, length_ns)}}}};
}

Json counts_json(const std::map<std::string, std::uint64_t>& counts) {
  Json out = Json::object();
  for (const auto& [name, count] : counts) out[name] = count;
  return out;
}

}  // namespace

Json top_json(const TopWindow& window, TopBy by, TopSort sort, bool kernel) {
  const ProfileMeta& meta = window.profile.meta;
  const std::uint64_t length_ns = meta.duration_ns;
  std::vector<TopRow> rows = top_rows(window, by, kernel);
  sort_rows(rows, sort);
  Json shown = Json::array();
  std::uint64_t others_ns = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i < kTopJsonRows) {
      shown.push_back(row_json(rows[i], by, length_ns));
    } else {
      others_ns += rows[i].cpu_ns;
    }
  }
  const StackTotals stacks = count_stacks(window.profile);
  const TopRow own = own_row(window);
  return {{"host", meta.host},
          {"begin_ns", meta.begin_ns},
          {"duration_ns", length_ns},
          {"rate_hz", meta.rate_hz},
          {"cpus", meta.cpu_count},
          {"busy_cores", busy_cores(window.profile)},
          {"samples", stacks.all.samples},
          {"whole_share", whole_share(stacks.whole, stacks.all.samples, stacks.early)},
          {"early", stacks.early},
          {"lost", counts_json(meta.lost)},
          {"notes", counts_json(meta.notes)},
          {"by", name_of(by)},
          {"kernel", kernel},
          {"rows", std::move(shown)},
          {"others",
           {{"rows", rows.size() - std::min(rows.size(), kTopJsonRows)},
            {"cpu_cores", ratio(others_ns, length_ns)}}},
          {"sonde",
           {{"pid", own.pid},
            {"cpu_cores", ratio(own.cpu_ns, length_ns)},
            {"rss_peak_bytes", meta.cost.rss_peak_bytes},
            {"kernel_map_bytes", meta.cost.kernel_map_bytes}}}};
}

}  // namespace sonde
