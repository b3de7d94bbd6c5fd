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

bool is_in(const HistoryRange& range, const WindowTotals& window) {
  return window.begin_ns >= range.begin_ns && window.begin_ns < range.end_ns;
}

Totals sum_of(const WindowTotals& window) {
  Totals sum;
  for (const TargetTotals& target : window.targets) sum += target.totals;
  return sum;
}

}  // namespace

bool has_window(const std::vector<HistoryWindow>& windows, std::uint64_t begin_ns) {
  return std::ranges::any_of(
      windows, [&](const HistoryWindow& window) { return window.begin_ns == begin_ns; });
}

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
  if (const auto there = directory_.open(); !there) return there.error();
  auto journal = Journal::open(options_.journal);
  if (!journal) return journal.error();
  const std::lock_guard lock(mutex_);
  journal_ = std::move(*journal);
  find_places_again();
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

// What a disk that failed did not keep of the journal, and memory still has, goes there again.
void History::find_places_again() {
  if (journal_->counters().unreadable_segments > 0) return;  // it may be there
  for (Waiting& one : waiting_) {
    if (!one.place) continue;
    const auto segment = journal_->segment(one.place->segment);
    if (segment && one.place->offset < segment->bounds.end) continue;
    one.place.reset();
    left_end_ -= std::min<std::uint64_t>(left_end_, 1);
  }
}

// The disk takes windows again: those that it had before and memory does not have are lost.
void History::count_disk_lost() {
  const std::uint64_t before = std::exchange(left_end_, 0);
  state_.lost[static_cast<std::size_t>(HistoryLoss::kDiskLost)] +=
      before - std::min(before, journal_->loaded_end());
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
    last_begin_ns_ = fresh.totals.begin_ns;
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
    Left left;
    const std::lock_guard lock(mutex_);
    if (place) {
      oldest->place = *place;
      oldest->sequence = journal_->end() - 1;
      count_disk_lost();
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
    left = give_up(place.error());
    return;
  }
  const std::lock_guard lock(mutex_);
  state_.problem.clear();
  state_.refusal = JournalRefusal::kCount;
}

// Holds mutex_. Of a directory that somebody removed another one is made at the next try; of a disk
// that fails nothing stays open.
History::Left History::give_up(const Error& error) {
  refuse(error);
  const bool is_removed = error.code == ErrorCode::kNotFound;
  if (!is_removed && state_.refusal != JournalRefusal::kDiskError) return {};
  left_end_ = is_removed ? 0 : std::max(left_end_, journal_->end());
  if (is_removed) {
    for (Waiting& one : waiting_) one.place.reset();
  }
  JournalCounters counts = journal_->counters();
  if (counts.appended_records == 0) counts.torn_bytes = counts.unreadable_segments = 0;  // again
  state_.journal += counts;
  return {std::exchange(journal_, nullptr), std::exchange(index_, std::nullopt)};
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
    Left left;
    const std::lock_guard lock(mutex_);
    left = give_up(synced.error());
  }
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
    if (!is_in(range, totals)) continue;
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

Result<HistoryExtent> History::extent() {
  const std::lock_guard lock(mutex_);
  auto extent = ask<HistoryExtent>([](WindowIndex& index) { return index.extent(); });
  if (!extent) return extent;
  for (const Waiting& waiting : waiting_) {
    const WindowTotals& window = waiting.totals;
    if (extent->windows++ == 0) extent->oldest_begin_ns = window.begin_ns;
    extent->newest_begin_ns = std::max(extent->newest_begin_ns, window.begin_ns);
    extent->newest_end_ns = std::max(extent->newest_end_ns, window.end_ns);
  }
  return extent;
}

bool History::has_all_before(std::uint64_t end_ns) {
  const std::lock_guard lock(mutex_);
  return index_ && !index_in_memory_ && state_.is_indexed && end_ns <= last_begin_ns_;
}

HistoryState History::state() const {
  const std::lock_guard lock(mutex_);
  HistoryState state = state_;
  for (const Waiting& one : waiting_) state.waiting_windows += one.place ? 0U : 1U;
  if (index_) state.refused_records = index_->refused();
  if (journal_) {
    state.disk_bytes = journal_->bytes();
    JournalCounters now = journal_->counters();
    now += state.journal;
    state.journal = now;
  }
  return state;
}

}  // namespace sonde
