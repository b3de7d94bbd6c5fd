// SPDX-License-Identifier: Apache-2.0
// Sums over ranges of the history: what needs no window to be read.
#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "agent/store/history.h"

namespace sonde {
namespace {

// At once: 20 ms for windows of 50 targets.
constexpr std::uint64_t kPieceNs = 3'600'000'000'000;

Labels group_of(const Labels& labels, const std::optional<std::vector<std::string>>& names) {
  if (!names) return labels;
  Labels group;
  for (const std::string& name : *names) {
    if (const auto found = labels.find(name); found != labels.end()) group.insert(*found);
  }
  return group;
}

bool is_in(const HistoryRange& range, const WindowTotals& window) {
  return window.begin_ns >= range.begin_ns && window.begin_ns < range.end_ns;
}

// The groups of the targets that match, by the index's numbers for them. Each group is there once,
// however many targets are in it.
class TargetGroups {
 public:
  TargetGroups(const Selection& selection, const SumOptions& options)
      : selection_(selection), options_(options) {}

  // Reads a piece, and the labels of the targets that it is the first one to have.
  Result<std::vector<TotalsRow>> read(WindowIndex& index, const HistoryRange& piece) {
    auto rows = index.totals(piece);
    if (!rows) return rows;
    std::vector<std::uint64_t> fresh;
    for (const TotalsRow& row : *rows) {
      if (of_target_.try_emplace(row.target, nullptr).second) fresh.push_back(row.target);
    }
    const auto learned = index.each_target(fresh, [&](std::uint64_t target, const Labels& labels) {
      of_target_[target] = of(labels);
    });
    if (!learned) return learned.error();
    return rows;
  }
  // Null if the target does not match. Valid as long as this.
  [[nodiscard]] const Labels* at(std::uint64_t target) const { return of_target_.at(target); }
  const Labels* of(const Labels& labels) {
    if (!matches_all(selection_.matchers, labels)) return nullptr;
    return &*groups_.insert(group_of(labels, options_.group_by)).first;
  }

 private:
  const Selection& selection_;
  const SumOptions& options_;
  std::set<Labels> groups_;
  std::unordered_map<std::uint64_t, const Labels*> of_target_;
};

}  // namespace

// What is not in the index yet; `position`: what is, comes before it.
std::vector<WindowTotals> History::waiting_in(const HistoryRange& range, std::uint64_t& position) {
  const std::lock_guard lock(mutex_);
  position = index_ ? index_->position() : 0;
  std::vector<WindowTotals> out;
  for (const Waiting& waiting : waiting_) {
    if (is_in(range, waiting.totals)) out.push_back(waiting.totals);
  }
  return out;
}

// Calls take() for each target that matches, window by window, in the order of time.
Result<void> History::each_total(const Selection& selection, const SumOptions& options,
                                 const TakeTotals& take) {
  TargetGroups groups(selection, options);
  std::uint64_t position = 0;
  const std::vector<WindowTotals> waiting = waiting_in(selection.range, position);
  const auto extent = this->extent();
  if (!extent) return extent.error();
  const std::uint64_t begin = std::max(selection.range.begin_ns, extent->oldest_begin_ns);
  const std::uint64_t end = std::min(selection.range.end_ns, extent->newest_begin_ns + 1);
  for (std::uint64_t at = begin; at < end;) {
    if (std::chrono::steady_clock::now() >= options.deadline) {
      return Error{ErrorCode::kDeadlineExceeded, "not done in the time there is: ask for less"};
    }
    const HistoryRange piece{at, std::min(end, at + kPieceNs)};
    at = piece.end_ns;
    const auto rows = [&] {
      const std::lock_guard lock(mutex_);
      return ask<std::vector<TotalsRow>>(
          [&](WindowIndex& index) { return groups.read(index, piece); });
    }();
    if (!rows) return rows.error();
    for (const TotalsRow& row : *rows) {
      if (row.sequence >= position) continue;  // among those that waited
      if (row.begin_ns == options.without_ns) continue;
      const Labels* group = groups.at(row.target);
      if (group != nullptr) take(*group, {row.begin_ns, row.end_ns}, row.totals);
    }
  }
  for (const WindowTotals& window : waiting) {
    if (window.begin_ns == options.without_ns) continue;
    for (const TargetTotals& target : window.targets) {
      const Labels* group = groups.of(target.labels);
      if (group != nullptr) take(*group, {window.begin_ns, window.end_ns}, target.totals);
    }
  }
  return {};
}

Result<std::vector<TargetTotals>> History::sums(const Selection& selection,
                                                const SumOptions& options) {
  std::map<Labels, Totals> groups;
  const auto done = each_total(selection, options,
                               [&](const Labels& group, const HistoryRange& /*window*/,
                                   const Totals& totals) { groups[group] += totals; });
  if (!done) return done.error();
  std::vector<TargetTotals> out;
  out.reserve(groups.size());
  for (const auto& [group, totals] : groups) out.push_back({group, totals});
  std::ranges::stable_sort(out, std::ranges::greater{},
                           [](const TargetTotals& one) { return one.totals.cpu_ns; });
  return out;
}

Result<std::vector<Series>> History::series(const Selection& selection, const SumOptions& options) {
  std::map<Labels, std::vector<SeriesPoint>> groups;
  const auto point_of = [&](std::uint64_t begin_ns) {
    return options.step_ns == 0 ? begin_ns
                                : (begin_ns - selection.range.begin_ns) / options.step_ns;
  };
  const auto done = each_total(
      selection, options,
      [&](const Labels& group, const HistoryRange& window, const Totals& totals) {
        std::vector<SeriesPoint>& points = groups[group];
        if (points.empty() || point_of(points.back().begin_ns) != point_of(window.begin_ns)) {
          points.push_back({window.begin_ns, window.end_ns, {}});
        }
        points.back().end_ns = std::max(points.back().end_ns, window.end_ns);
        points.back().totals += totals;
      });
  if (!done) return done.error();
  std::vector<Series> out;
  for (auto& [group, points] : groups) out.push_back({group, std::move(points)});
  return out;
}

}  // namespace sonde
