// SPDX-License-Identifier: Apache-2.0
#include "agent/store/history.h"

#include <algorithm>
#include <map>
#include <utility>

#include "agent/store/window_codec.h"

namespace sonde {
namespace {

constexpr std::uint64_t kWindowsPerAdd = 100;  // indexed on the way, where the index is behind
constexpr std::uint64_t kWindowsOfMemoryIndex = 8'640;  // a day of them
constexpr std::size_t kMovedRemembered = 1'000;

bool overlaps(const HistoryRange& range, std::uint64_t begin_ns, std::uint64_t end_ns) {
  return begin_ns < range.end_ns && end_ns > range.begin_ns;
}

// The labels named; all of them if none is.
Labels group_of(const Labels& labels, const std::vector<std::string>& names) {
  if (names.empty()) return labels;
  Labels group;
  for (const std::string& name : names) {
    if (const auto found = labels.find(name); found != labels.end()) group.insert(*found);
  }
  return group;
}

Totals sum_of(const WindowTotals& window) {
  Totals sum;
  for (const TargetTotals& target : window.targets) sum += target.totals;
  return sum;
}

// Sums by group and window, given in the order of time.
class SeriesSums {
 public:
  void add(const Labels& group, std::uint64_t begin_ns, std::uint64_t end_ns,
           const Totals& totals) {
    std::vector<SeriesPoint>& points = groups_[group];
    if (points.empty() || points.back().begin_ns != begin_ns) {
      points.push_back({begin_ns, end_ns, {}});
    }
    points.back().totals += totals;
  }
  std::vector<Series> take() {
    std::vector<Series> out;
    for (auto& [group, points] : groups_) out.push_back({group, std::move(points)});
    return out;
  }

 private:
  std::map<Labels, std::vector<SeriesPoint>> groups_;
};

}  // namespace

Result<std::unique_ptr<History>> History::open(HistoryOptions options) {
  std::unique_ptr<History> history(new History(std::move(options)));
  if (auto opened = history->open_journal(); !opened) {
    switch (opened.error().code) {
      case ErrorCode::kFailedPrecondition:
      case ErrorCode::kInvalidArgument:
        return opened.error();
      case ErrorCode::kPermissionDenied:  // of the directory as it is, not of a disk
        if (opened.error().sys_errno == 0) return opened.error();
        break;
      default:
        break;
    }
    history->refuse(opened.error());
  }
  return history;
}

History::~History() = default;

Result<void> History::open_journal() {
  auto journal = Journal::open(options_.journal);
  if (!journal) return journal.error();
  const std::lock_guard lock(mutex_);
  journal_ = std::move(*journal);
  open_index();
  return {};
}

// --- these hold mutex_ ---

// Where the disk does not let it, an index of the newest windows is in memory.
void History::open_index() {
  auto index = WindowIndex::open(index_path());
  index_in_memory_ = !index;
  if (index) {
    state_.index_problem.clear();
  } else {
    state_.index_problem = index.error().message;
    if (index_) return;
    index = WindowIndex::open(":memory:");
    if (!index) return;
    const std::uint64_t end = journal_->end();
    index->skip_to(end - std::min(end, kWindowsOfMemoryIndex));
  }
  if (index->is_new() && journal_->begin() < journal_->end()) ++state_.index_rebuilds;
  index_ = std::move(*index);
  (void)follow(0);
}

bool History::follow(std::uint64_t max_windows) {
  if (!index_ || !journal_) return true;
  auto done = index_->follow(*journal_, max_windows);
  if (!done) {
    damaged_index(done.error());
    return true;
  }
  if (!index_in_memory_) state_.index_problem.clear();
  state_.is_indexed = *done;
  while (!waiting_.empty() && waiting_.front().place &&
         waiting_.front().sequence < index_->position()) {
    drop_oldest();
  }
  return *done;
}

// What is damaged is made anew at the next add() or catch_up(); what has no space waits for it.
void History::damaged_index(const Error& error) {
  state_.is_indexed = false;
  state_.index_problem = error.message;
  if (error.code != ErrorCode::kDataLoss) return;
  index_.reset();
  WindowIndex::remove(index_path());
}

void History::count_lost(HistoryLoss why) { ++state_.lost[static_cast<std::size_t>(why)]; }

void History::refuse(const Error& error) {
  state_.problem = error.message;
  state_.refusal = refusal_of(error);
}

// What lies on the disk is found again there.
void History::drop_oldest() {
  const Waiting& oldest = waiting_.front();
  if (oldest.place) {
    moved_.emplace(oldest.id, *oldest.place);
    if (moved_.size() > kMovedRemembered) moved_.erase(moved_.begin());
  }
  state_.memory_bytes -= oldest.bytes.size();
  waiting_.pop_front();
}

// --- these do not: writing may take long ---

void History::add(const ClosedWindow& window) {
  Waiting fresh{
      .id = ++last_id_, .bytes = encode_window(window), .totals = totals_of(window), .place = {}};
  {
    const std::lock_guard lock(mutex_);
    state_.memory_bytes += fresh.bytes.size();
    waiting_.push_back(std::move(fresh));
  }
  flush();
  {
    const std::lock_guard lock(mutex_);
    while (state_.memory_bytes > options_.memory_bytes) {
      if (!waiting_.front().place) count_lost(HistoryLoss::kMemoryFull);
      drop_oldest();
    }
  }
  (void)catch_up(kWindowsPerAdd);
}

// From memory to the journal, oldest first, until it refuses one.
void History::flush() {
  if (!journal_) {
    if (auto opened = open_journal(); !opened) {
      const std::lock_guard lock(mutex_);
      return refuse(opened.error());
    }
  }
  const auto is_unstored = [](const Waiting& one) { return !one.place; };
  while (true) {
    const auto oldest = std::ranges::find_if(waiting_, is_unstored);
    if (oldest == waiting_.end()) break;
    auto place = journal_->append(kWindowRecord, oldest->totals.end_ns, oldest->bytes);
    const std::lock_guard lock(mutex_);
    if (place) {
      oldest->place = *place;
      oldest->sequence = journal_->end() - 1;
      ++state_.stored_windows;
      (void)follow(kWindowsPerAdd);
      continue;
    }
    if (refusal_of(place.error()) == JournalRefusal::kRecordTooLarge) {
      count_lost(HistoryLoss::kWindowTooLarge);
      state_.memory_bytes -= oldest->bytes.size();
      waiting_.erase(oldest);
      continue;
    }
    refuse(place.error());
    if (place.error().code == ErrorCode::kNotFound) leave_directory();
    return;
  }
  const std::lock_guard lock(mutex_);
  state_.problem.clear();
  state_.refusal = JournalRefusal::kCount;
}

// Somebody removed it: another one is made at the next try.
void History::leave_directory() {
  index_.reset();
  journal_.reset();
  for (Waiting& one : waiting_) one.place.reset();
}

bool History::catch_up(std::uint64_t max_windows) {
  const std::lock_guard lock(mutex_);
  if (journal_ && (!index_ || index_in_memory_)) open_index();
  return follow(max_windows);
}

void History::sync() {
  flush();
  if (!journal_) return;
  if (auto synced = journal_->sync(); !synced) {
    const std::lock_guard lock(mutex_);
    refuse(synced.error());
    if (synced.error().code == ErrorCode::kNotFound) leave_directory();
  }
}

// Holds mutex_.
template <typename Value, typename Ask>
Result<Value> History::ask(const Ask& question) {
  if (!index_) return Value{};
  Result<Value> answer = question(*index_);
  if (answer) return answer;
  damaged_index(answer.error());
  return Error{ErrorCode::kUnavailable, answer.error().message};
}

Result<std::vector<HistoryWindow>> History::windows(const HistoryRange& range) {
  const std::lock_guard lock(mutex_);
  auto indexed =
      ask<std::vector<IndexedWindow>>([&](WindowIndex& index) { return index.windows(range); });
  if (!indexed) return indexed.error();
  std::vector<HistoryWindow> out;
  for (const IndexedWindow& window : *indexed) {
    out.push_back({window.begin_ns, window.end_ns, window.lost, window.totals, window.place, 0});
  }
  for (const Waiting& waiting : waiting_) {
    const WindowTotals& totals = waiting.totals;
    if (!overlaps(range, totals.begin_ns, totals.end_ns)) continue;
    out.push_back(
        {totals.begin_ns, totals.end_ns, totals.lost, sum_of(totals), std::nullopt, waiting.id});
  }
  return out;
}

Result<ClosedWindow> History::load(const HistoryWindow& window) {
  std::optional<RecordPlace> place = window.place;
  std::shared_ptr<Journal> journal;
  {
    const std::lock_guard lock(mutex_);
    journal = journal_;
    if (!place) {
      for (const Waiting& waiting : waiting_) {
        if (waiting.id == window.memory_id) return decode_window(waiting.bytes);
      }
      if (const auto moved = moved_.find(window.memory_id); moved != moved_.end()) {
        place = moved->second;
      }
    }
  }
  if (!place || !journal) return Error{ErrorCode::kNotFound, "the window is not kept any more"};
  auto record = journal->read(*place);
  if (!record) return record.error();
  return decode_window(record->payload);
}

Result<std::vector<TargetTotals>> History::sums(const Selection& selection,
                                                const std::vector<std::string>& group_by) {
  std::map<Labels, Totals> groups;
  const auto add = [&](const Labels& labels, const Totals& totals) {
    if (matches_all(selection.matchers, labels)) groups[group_of(labels, group_by)] += totals;
  };
  {
    const std::lock_guard lock(mutex_);
    auto labels =
        ask<std::map<std::uint64_t, Labels>>([](WindowIndex& index) { return index.targets(); });
    if (!labels) return labels.error();
    auto sums = ask<std::map<std::uint64_t, Totals>>(
        [&](WindowIndex& index) { return index.sums(selection.range); });
    if (!sums) return sums.error();
    for (const auto& [target, totals] : *sums) add((*labels)[target], totals);
    for (const Waiting& waiting : waiting_) {
      if (!overlaps(selection.range, waiting.totals.begin_ns, waiting.totals.end_ns)) continue;
      for (const TargetTotals& target : waiting.totals.targets) add(target.labels, target.totals);
    }
  }
  std::vector<TargetTotals> out;
  out.reserve(groups.size());
  for (const auto& [group, totals] : groups) out.push_back({group, totals});
  std::ranges::stable_sort(out, std::ranges::greater{},
                           [](const TargetTotals& one) { return one.totals.cpu_ns; });
  return out;
}

Result<std::vector<Series>> History::series(const Selection& selection,
                                            const std::vector<std::string>& group_by) {
  const std::lock_guard lock(mutex_);
  auto labels =
      ask<std::map<std::uint64_t, Labels>>([](WindowIndex& index) { return index.targets(); });
  if (!labels) return labels.error();
  auto rows = ask<std::vector<TotalsRow>>(
      [&](WindowIndex& index) { return index.totals(selection.range); });
  if (!rows) return rows.error();
  std::map<std::uint64_t, Labels> group_of_target;
  for (const auto& [target, all] : *labels) {
    if (matches_all(selection.matchers, all)) group_of_target[target] = group_of(all, group_by);
  }
  SeriesSums sums;
  for (const TotalsRow& row : *rows) {
    const auto group = group_of_target.find(row.target);
    if (group == group_of_target.end()) continue;
    sums.add(group->second, row.begin_ns, row.end_ns, row.totals);
  }
  for (const Waiting& waiting : waiting_) {
    const WindowTotals& window = waiting.totals;
    if (!overlaps(selection.range, window.begin_ns, window.end_ns)) continue;
    for (const TargetTotals& target : window.targets) {
      if (!matches_all(selection.matchers, target.labels)) continue;
      sums.add(group_of(target.labels, group_by), window.begin_ns, window.end_ns, target.totals);
    }
  }
  return sums.take();
}

Result<HistoryRange> History::span() {
  const std::lock_guard lock(mutex_);
  auto span = ask<HistoryRange>([](WindowIndex& index) { return index.span(); });
  if (!span) return span.error();
  if (waiting_.empty()) return span;
  if (span->end_ns == 0) span->begin_ns = waiting_.front().totals.begin_ns;
  span->end_ns = std::max(span->end_ns, waiting_.back().totals.end_ns);
  return span;
}

HistoryState History::state() const {
  const std::lock_guard lock(mutex_);
  HistoryState state = state_;
  for (const Waiting& one : waiting_) state.waiting_windows += one.place ? 0U : 1U;
  if (index_) state.refused_records = index_->refused();
  if (journal_) {
    state.disk_bytes = journal_->bytes();
    state.journal = journal_->counters();
  }
  return state;
}

}  // namespace sonde
