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
constexpr std::size_t kMaxKnownTargets = 50'000;  // between pieces: more are read again

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
  // What at() gave before is not valid any more.
  Result<std::vector<TotalsRow>> read(WindowIndex& index, const HistoryRange& piece) {
    if (of_target_.size() > kMaxKnownTargets) {
      of_target_.clear();
      groups_.clear();
    }
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
  // Null if the target does not match.
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

// Points by group, at most so many groups.
class SeriesGroups {
 public:
  SeriesGroups(std::uint64_t begin_ns, const SumOptions& options)
      : begin_ns_(begin_ns), options_(options) {}

  void add(const Labels& group, const HistoryRange& window, const Totals& totals) {
    Points& points = groups_[group];
    if (points.points.empty() ||
        step_of(points.points.back().begin_ns) != step_of(window.begin_ns)) {
      points.points.push_back({window.begin_ns, window.end_ns, {}});
    }
    SeriesPoint& point = points.points.back();
    point.end_ns = std::max(point.end_ns, window.end_ns);
    point.totals += totals;
    points.cpu_ns += totals.cpu_ns;
    if (groups_.size() > options_.max_groups) fold_lighter_half();
  }

  std::vector<Series> take() {
    std::vector<Series> out;
    for (auto& [group, points] : groups_) out.push_back({group, std::move(points.points)});
    if (folded_ == 0) return out;
    Series rest{.group = {}, .points = {}, .folded = folded_};
    for (const auto& [step, point] : rest_) rest.points.push_back(point);
    out.push_back(std::move(rest));
    return out;
  }

 private:
  struct Points {
    std::vector<SeriesPoint> points;
    std::uint64_t cpu_ns = 0;
  };

  [[nodiscard]] std::uint64_t step_of(std::uint64_t begin_ns) const {
    return options_.step_ns == 0 ? begin_ns : (begin_ns - begin_ns_) / options_.step_ns;
  }

  void fold_lighter_half() {
    using Entry = std::map<Labels, Points>::iterator;
    std::vector<Entry> entries;
    for (auto entry = groups_.begin(); entry != groups_.end(); ++entry) entries.push_back(entry);
    const auto middle = entries.begin() + static_cast<std::ptrdiff_t>(entries.size() / 2);
    std::ranges::nth_element(entries, middle, {}, [](Entry one) { return one->second.cpu_ns; });
    for (auto one = entries.begin(); one != middle; ++one) {
      for (const SeriesPoint& point : (*one)->second.points) {
        const auto [rest, fresh] = rest_.try_emplace(step_of(point.begin_ns), point);
        if (fresh) continue;
        rest->second.begin_ns = std::min(rest->second.begin_ns, point.begin_ns);
        rest->second.end_ns = std::max(rest->second.end_ns, point.end_ns);
        rest->second.totals += point.totals;
      }
      groups_.erase(*one);
      ++folded_;
    }
  }

  const std::uint64_t begin_ns_;
  const SumOptions& options_;
  std::map<Labels, Points> groups_;
  std::map<std::uint64_t, SeriesPoint> rest_;  // by step
  std::uint64_t folded_ = 0;
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
  const auto is_left_out = [&](std::uint64_t begin_ns) {
    return std::ranges::find(options.without_ns, begin_ns) != options.without_ns.end();
  };
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
      if (is_left_out(row.begin_ns)) continue;
      const Labels* group = groups.at(row.target);
      if (group != nullptr) take(*group, {row.begin_ns, row.end_ns}, row.totals);
    }
  }
  for (const WindowTotals& window : waiting) {
    if (is_left_out(window.begin_ns)) continue;
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
  SeriesGroups groups(selection.range.begin_ns, options);
  const auto done = each_total(selection, options,
                               [&](const Labels& group, const HistoryRange& window,
                                   const Totals& totals) { groups.add(group, window, totals); });
  if (!done) return done.error();
  return groups.take();
}

}  // namespace sonde
