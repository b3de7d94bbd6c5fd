// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/diff_judge.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>
#include <utility>

namespace sonde {
namespace {

// A path is told by the child that carries its whole change, give or take a tenth.
constexpr double kCarried = 0.1;

bool has_samples(const SidePair& sums) { return sums[0].samples != 0 || sums[1].samples != 0; }

// Largest change first; of equal ones (but for rounding) growth first, then by name.
void sort_by_size(std::vector<DiffEntry>& entries, const std::vector<DiffItem>& items) {
  constexpr double kStep = 1e9;
  const auto key = [&](const DiffEntry& entry) {
    const double change = entry.change.difference();
    const DiffItem& item = items[entry.item];
    return std::tuple(-std::round(std::abs(change) * kStep), change < 0, item.name, item.image);
  };
  std::sort(entries.begin(), entries.end(), [&](const DiffEntry& a, const DiffEntry& b) {
    return std::tuple_cat(key(a), std::tie(a.path)) < std::tuple_cat(key(b), std::tie(b.path));
  });
}

std::vector<DiffEntry> row_entries(const ProfileDiff& diff, const DiffJudge& judge, DiffBy by,
                                   bool total) {
  std::vector<DiffEntry> out;
  for (const DiffRow& row : diff.rows(by)) {
    const SidePair& asked = total ? row.total : row.self;
    if (!has_samples(asked)) continue;
    out.push_back({.item = row.item,
                   .path = {},
                   .self = row.self,
                   .total = row.total,
                   .change = judge.change(asked)});
  }
  return out;
}

// Call paths where something changes: those whose change no single call below carries alone.
std::vector<DiffEntry> path_entries(const std::vector<DiffNode>& tree, const DiffJudge& judge) {
  std::vector<Change> changes;
  changes.reserve(tree.size());
  for (const DiffNode& node : tree) changes.push_back(judge.change(node.total));
  std::vector<bool> carried(tree.size());
  for (std::size_t i = 1; i < tree.size(); ++i) {
    const Change& below = changes[i];
    const Change& above = changes[tree[i].parent];
    const double rest = std::abs(below.difference() - above.difference());
    if (rest <= kCarried * std::abs(above.difference()) &&
        (below.is_beyond(kShownSigmas) || !above.is_beyond(kShownSigmas))) {
      carried[tree[i].parent] = true;
    }
  }
  std::vector<DiffEntry> out;
  for (std::uint32_t i = 1; i < tree.size(); ++i) {
    if (carried[i]) continue;
    out.push_back({.item = tree[i].function,
                   .path = {i},  // its node; spelled out if it is shown
                   .self = {},
                   .total = tree[i].total,
                   .change = changes[i]});
  }
  return out;
}

void spell_out(const std::vector<DiffNode>& tree, std::vector<std::uint32_t>& path) {
  const std::uint32_t last = path.front();
  path.clear();
  for (std::uint32_t node = last; node != 0; node = tree[node].parent) {
    path.push_back(tree[node].function);
  }
  std::reverse(path.begin(), path.end());
}

std::vector<DiffEntry> grown_entries(const ProfileDiff& diff, const DiffJudge& judge, DiffBy by,
                                     double limit) {
  std::vector<DiffEntry> out = row_entries(diff, judge, by, true);
  std::erase_if(out, [&](const DiffEntry& entry) {
    return !(judge.growth(entry.change) > limit) || !entry.change.is_beyond(kCertainSigmas);
  });
  sort_by_size(out, diff.items(by));
  return out;
}

}  // namespace

bool DiffJudge::has_rates() const { return diff_.side(0).seconds > 0 && diff_.side(1).seconds > 0; }

Change DiffJudge::share(const SidePair& sums) const {
  return compare_shares(sums[0], diff_.side(0), sums[1], diff_.side(1));
}

Change DiffJudge::rate(const SidePair& sums) const {
  return compare_rates(sums[0], diff_.side(0), sums[1], diff_.side(1));
}

double DiffJudge::growth(const Change& change) const {
  if (!absolute_) return change.difference();
  const ComparedSide& before = diff_.side(0);
  return before.all.sum > 0 ? change.difference() * before.seconds * 1e9 / before.all.sum : 0;
}

DiffFigures judge_diff(const ProfileDiff& diff, const DiffOptions& options,
                       std::size_t default_rows) {
  const DiffJudge judge(diff, options.absolute);
  const DiffBy by = options.paths ? DiffBy::kFunction : options.by;
  std::vector<DiffNode> tree;
  if (options.paths) tree = diff.call_tree();
  DiffFigures out;
  out.shown =
      options.paths ? path_entries(tree, judge) : row_entries(diff, judge, by, options.total);
  const auto within_error = [](const DiffEntry& entry) {
    return !entry.change.is_beyond(kShownSigmas);
  };
  out.compared = out.shown.size();
  out.beyond_error = out.compared - static_cast<std::size_t>(std::count_if(
                                        out.shown.begin(), out.shown.end(), within_error));
  out.countable = static_cast<std::size_t>(
      std::count_if(out.shown.begin(), out.shown.end(), [](const DiffEntry& entry) {
        const Change& change = entry.change;
        return std::max(change.samples_before, change.samples_after) >= kEnoughSamples;
      }));
  if (!options.all) std::erase_if(out.shown, within_error);
  sort_by_size(out.shown, diff.items(by));
  const std::size_t rows = options.rows.value_or(default_rows);
  if (rows != 0 && out.shown.size() > rows) out.shown.resize(rows);
  if (options.paths) {
    for (DiffEntry& entry : out.shown) spell_out(tree, entry.path);
  }
  if (options.fail_above) out.grown = grown_entries(diff, judge, by, *options.fail_above);
  return out;
}

}  // namespace sonde
