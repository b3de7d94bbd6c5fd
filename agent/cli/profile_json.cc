// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/profile_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "agent/cli/figures.h"

namespace sonde {
namespace {

std::string utc_text(std::uint64_t unix_ns) {
  const auto seconds = static_cast<std::time_t>(unix_ns / 1'000'000'000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     unix_ns / 1'000'000 % 1000);
}

Json counts_json(const std::map<std::string, std::uint64_t>& counts) {
  Json out = Json::object();
  for (const auto& [name, count] : counts) out[name] = count;
  return out;
}

Json ticks_json(const TickLedger& ticks) {
  return {{"expected", ticks.expected}, {"missed", ticks.missed},     {"run", ticks.run},
          {"idle", ticks.idle},         {"filtered", ticks.filtered}, {"thinned", ticks.thinned},
          {"emitted", ticks.emitted}};
}

Json cost_json(const ProfileCost& cost) {
  return {{"cpu_s", cost.cpu_seconds},
          {"bpf_s", cost.bpf_seconds},
          {"rss_peak_bytes", cost.rss_peak_bytes},
          {"bpf_ns_per_sample", cost.bpf_ns_per_sample},
          {"kernel_map_bytes", cost.kernel_map_bytes}};
}

Json stacks_json(const StackTotals& stacks) {
  return {{"complete", stacks.whole},
          {"early", stacks.early},
          {"whole_share", whole_share(stacks.whole, stacks.all.samples, stacks.early)},
          {"truncated", counts_json(stacks.truncated)}};
}

Json function_json(const FunctionTable& functions, std::uint32_t function) {
  if (function == kNoFunction) return {{"function", nullptr}, {"image", nullptr}};
  return {{"function", functions[function].name},
          {"image", functions[function].image},
          {"origin", to_string(functions[function].origin)}};
}

Json top_json(const ProfileSums& sums, std::size_t top) {
  Json out = Json::array();
  const std::uint64_t all_ns = sums.stacks.all.cpu_ns;
  const std::size_t rows = top == 0 ? sums.by_function.size() : top;
  for (std::size_t i = 0; i < std::min(rows, sums.by_function.size()); ++i) {
    const FunctionTotals& row = sums.by_function[i];
    Json item = function_json(sums.functions, row.function);
    item["self"] = row.self.cpu_ns;
    item["total"] = row.total.cpu_ns;
    item["self_share"] = ratio(row.self.cpu_ns, all_ns);
    item["total_share"] = ratio(row.total.cpu_ns, all_ns);
    item["self_samples"] = row.self.samples;
    item["total_samples"] = row.total.samples;
    out.push_back(std::move(item));
  }
  return out;
}

Json processes_json(const std::vector<ProcessTotals>& processes) {
  Json out = Json::array();
  for (const ProcessTotals& row : processes) {
    std::map<std::string, std::uint64_t> cut;
    for (const auto& [where, samples] : row.cut) cut[stop_name(where.first)] += samples;
    out.push_back({{"name", row.name},
                   {"pids", row.pids},
                   {"samples", row.all.samples},
                   {"cpu_ns", row.all.cpu_ns},
                   {"kernel_ns", row.kernel_ns},
                   {"complete", row.whole},
                   {"early", row.early},
                   {"truncated", counts_json(cut)}});
  }
  return out;
}

Json origins_json(const OriginTotals& origins) {
  Json out = Json::object();
  for (const Origin origin :
       {Origin::kOwn, Origin::kLibrary, Origin::kKernel, Origin::kJit, Origin::kUnresolved}) {
    out[to_string(origin)] = origins.at(static_cast<std::size_t>(origin));
  }
  return out;
}

}  // namespace

Json profile_json(const SymbolizedProfile& profile, const ProfileSums& sums, std::size_t top) {
  const ProfileMeta& meta = profile.meta;
  Json out = {{"version", meta.version},
              {"host", meta.host},
              {"kernel", meta.kernel},
              {"cgroup_mode", meta.cgroup_mode},
              {"cpus", meta.cpu_count},
              {"rate_hz", meta.rate_hz},
              {"begin", meta.begin_ns == 0 ? Json() : Json(utc_text(meta.begin_ns))},
              {"begin_unix_ns", meta.begin_ns},
              {"duration_s", to_seconds(meta.duration_ns)},
              {"samples", sums.stacks.all.samples},
              {"cpu_ns", sums.stacks.all.cpu_ns},
              {"lost", counts_json(meta.lost)},
              {"ticks", ticks_json(meta.ticks)},
              {"stacks", stacks_json(sums.stacks)}};
  out["frames"] = {{"total", sums.stacks.frames},
                   {"leaves", sums.stacks.leaves},
                   {"unresolved_leaf", sums.stacks.unresolved_leaf}};
  out["agent"] = cost_json(meta.cost);
  out["origins"] = origins_json(sums.by_origin);
  out["processes"] = processes_json(sums.by_process);
  out["top"] = top_json(sums, top);
  out["notes"] = counts_json(meta.notes);
  return out;
}

Json neighbours_json(const FunctionTable& functions, const std::vector<NeighbourTotals>& rows) {
  Json out = Json::array();
  for (const NeighbourTotals& row : rows) {
    Json item = function_json(functions, row.function);
    item["cpu_ns"] = row.weight.cpu_ns;
    item["samples"] = row.weight.samples;
    out.push_back(std::move(item));
  }
  return out;
}

Json tree_json(const FunctionTable& functions, const CallTree& tree) {
  // Children before parents: each finished object moves into its parent's list.
  std::vector<Json> calls(tree.size(), Json::array());
  for (std::size_t i = tree.size(); i-- > 1;) {
    const CallNode& node = tree[i];
    Json item = function_json(functions, node.function);
    item["self"] = node.self.cpu_ns;
    item["total"] = node.total.cpu_ns;
    item["samples"] = node.total.samples;
    item["calls"] = std::move(calls[i]);
    calls[node.parent].push_back(std::move(item));
  }
  return tree.empty() ? Json::array() : std::move(calls[0]);
}

Json images_json(const std::vector<ImageTotals>& images) {
  Json out = Json::array();
  for (const ImageTotals& row : images) {
    out.push_back({{"image", row.image},
                   {"self", row.self.cpu_ns},
                   {"total", row.total.cpu_ns},
                   {"self_samples", row.self.samples},
                   {"total_samples", row.total.samples}});
  }
  return out;
}

}  // namespace sonde
