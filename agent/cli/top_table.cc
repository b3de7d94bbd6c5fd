// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_table.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "agent/cli/figures.h"
#include "core/model/aggregate.h"
#include "core/model/books.h"
#include "core/model/frame_maker.h"

namespace sonde {
namespace {

bool is_of_kernel(const SymbolizedProfile& profile, std::uint32_t frame) {
  const ProfileFrame& one = profile.frames[frame];
  return one.origin == Origin::kKernel || profile.images[one.image].path == kKernelImage;
}

bool is_own(const TopWindow& window, std::uint32_t process) {
  const std::uint32_t pid = window.profile.processes[process].pid;
  return std::ranges::find(window.own_pids, pid) != window.own_pids.end();
}

// Rows of processes or of cgroups, filled stack by stack.
class GroupRows {
 public:
  GroupRows(const SymbolizedProfile& profile, const FunctionTable& functions)
      : profile_(profile), functions_(functions) {}

  void add(const std::string& key, const ProfileStack& stack) {
    Group& group = groups_[key];
    TopRow& row = group.row;
    group.pids.insert(profile_.processes[stack.process].pid);
    row.cpu_ns += stack.cpu_ns;
    row.samples += stack.samples;
    if (is_whole(stack.stop)) row.whole += stack.samples;
    if (is_early(stack.stop)) row.early += stack.samples;
    if (stack.frames.empty()) return;
    const std::uint32_t leaf = stack.frames.front();
    if (is_of_kernel(profile_, leaf)) row.second_ns += stack.cpu_ns;
    group.self[functions_.of_frame(leaf)] += stack.cpu_ns;
  }

  std::vector<TopRow> take() && {
    std::vector<TopRow> out;
    for (auto& [key, group] : groups_) {
      TopRow& row = out.emplace_back(std::move(group.row));
      row.key = key;
      row.name = key;
      row.pid = *group.pids.begin();
      row.processes = group.pids.size();
      const auto hottest = std::ranges::max_element(
          group.self, [](const auto& a, const auto& b) { return a.second < b.second; });
      if (hottest == group.self.end()) continue;
      const FunctionTable::Entry& function = functions_[hottest->first];
      row.hottest = function.name;
      row.hottest_ns = hottest->second;
      row.image = function.image;
      row.origin = function.origin;
    }
    return out;
  }

 private:
  struct Group {
    TopRow row;
    std::set<std::uint32_t> pids;
    std::map<std::uint32_t, std::uint64_t> self;  // by function
  };
  const SymbolizedProfile& profile_;
  const FunctionTable& functions_;
  std::map<std::string, Group> groups_;
};

const std::string& key_of(const TopWindow& window, TopBy by, std::uint32_t process) {
  static const std::string not_known = "(not known)";
  if (by == TopBy::kProcess) return window.profile.processes[process].name;
  const std::string& cgroup = window.cgroups[process];
  return cgroup.empty() ? not_known : cgroup;
}

std::vector<TopRow> function_rows(const SymbolizedProfile& profile) {
  const FunctionTable functions(profile);
  // Which process a function runs in most.
  std::vector<std::map<std::string_view, std::uint64_t>> in(functions.size());
  std::vector<std::uint32_t> last(functions.size(), ~0U);
  for (std::uint32_t at = 0; at < profile.stacks.size(); ++at) {
    const ProfileStack& stack = profile.stacks[at];
    for (const std::uint32_t frame : stack.frames) {
      const std::uint32_t function = functions.of_frame(frame);
      if (std::exchange(last[function], at) == at) continue;
      in[function][profile.processes[stack.process].name] += stack.cpu_ns;
    }
  }
  std::vector<TopRow> out;
  for (const FunctionTotals& totals : sum_functions(profile, functions)) {
    const FunctionTable::Entry& function = functions[totals.function];
    const auto hottest = std::ranges::max_element(
        in[totals.function], [](const auto& a, const auto& b) { return a.second < b.second; });
    TopRow& row = out.emplace_back();
    row.key = std::string(function.name).append("\n").append(function.image);
    row.name = function.name;
    row.cpu_ns = totals.self.cpu_ns;
    row.second_ns = totals.total.cpu_ns;
    row.samples = totals.total.samples;
    row.hottest = hottest->first;
    row.hottest_ns = hottest->second;
    row.image = function.image;
    row.origin = function.origin;
  }
  return out;
}

}  // namespace

TopWindow make_top_window(SymbolizedProfile&& profile, const ClosedWindow& closed) {
  TopWindow out{.profile = std::move(profile), .cgroups = {}, .own_pids = {}};
  for (const std::uint32_t target : closed.target_of_process) {
    const Labels& labels = closed.targets[target];
    const auto cgroup = labels.find("cgroup");
    out.cgroups.push_back(cgroup == labels.end() ? "" : cgroup->second);
  }
  return out;
}

std::vector<TopRow> top_rows(const TopWindow& window, TopBy by, bool kernel) {
  const SymbolizedProfile profile = without_own(window, kernel);
  if (by == TopBy::kFunction) return function_rows(profile);
  const FunctionTable functions(profile);
  GroupRows rows(profile, functions);
  for (const ProfileStack& stack : profile.stacks)
    rows.add(key_of(window, by, stack.process), stack);
  return std::move(rows).take();
}

void sort_rows(std::vector<TopRow>& rows, TopSort sort) {
  std::ranges::sort(rows, [sort](const TopRow& a, const TopRow& b) {
    if (sort == TopSort::kName) return std::tie(a.name, a.key) < std::tie(b.name, b.key);
    if (sort == TopSort::kSecond) {
      return std::tie(b.second_ns, b.cpu_ns, a.key) < std::tie(a.second_ns, a.cpu_ns, b.key);
    }
    return std::tie(b.cpu_ns, b.second_ns, a.key) < std::tie(a.cpu_ns, a.second_ns, b.key);
  });
}

TopRow own_row(const TopWindow& window) {
  const ProfileCost& cost = window.profile.meta.cost;
  TopRow row;
  row.name = "sonde";
  row.pid = window.own_pids.empty() ? 0 : window.own_pids.front();
  row.processes = window.own_pids.size();
  row.cpu_ns = static_cast<std::uint64_t>(std::max(0.0, cost.cpu_seconds + cost.bpf_seconds) * 1e9);
  return row;
}

bool finds(std::string_view text, std::string_view name) {
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  const bool exact = std::ranges::any_of(text, is_capital);
  const auto same = [&](char a, char b) {
    return a == b || (!exact && is_capital(b) && a == b - 'A' + 'a');
  };
  return std::search(name.begin(), name.end(), text.begin(), text.end(),
                     [&](char b, char a) { return same(a, b); }) != name.end() ||
         text.empty();
}

double busy_cores(const SymbolizedProfile& profile) {
  const ProfileMeta& meta = profile.meta;
  std::uint64_t busy_ns = 0;
  for (const ProfileStack& stack : profile.stacks) busy_ns += stack.cpu_ns;
  // A missed tick may have been an idle one.
  const std::uint64_t lost = lost_of(meta) - missed_of(meta);
  if (meta.rate_hz > 0) busy_ns += lost * 1'000'000'000 / meta.rate_hz;
  return std::min(ratio(busy_ns, meta.duration_ns), static_cast<double>(meta.cpu_count));
}

SymbolizedProfile without_kernel(const SymbolizedProfile& profile) {
  SymbolizedProfile out = profile;
  for (ProfileStack& stack : out.stacks) {
    std::erase_if(stack.frames, [&](std::uint32_t frame) { return is_of_kernel(profile, frame); });
  }
  std::erase_if(out.stacks, [](const ProfileStack& stack) { return stack.frames.empty(); });
  return out;
}

SymbolizedProfile without_own(const TopWindow& window, bool kernel) {
  SymbolizedProfile out = kernel ? window.profile : without_kernel(window.profile);
  std::erase_if(out.stacks,
                [&](const ProfileStack& stack) { return is_own(window, stack.process); });
  return out;
}

SymbolizedProfile only_row(const TopWindow& window, TopBy by, std::string_view key, bool kernel) {
  SymbolizedProfile out = without_own(window, kernel);
  std::erase_if(out.stacks, [&](const ProfileStack& stack) {
    return key_of(window, by, stack.process) != key;
  });
  return out;
}

}  // namespace sonde
