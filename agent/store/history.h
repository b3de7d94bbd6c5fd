// SPDX-License-Identifier: Apache-2.0
// The local history: closed windows in a journal, found by an index beside it. While the disk does
// not take them, windows stay in memory and are found all the same; they go to the disk when it
// does again. Nothing is open on a disk that fails (EIO) between two tries, so that it can be
// unmounted. Stage 5 of the line.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/store/loss.h"
#include "agent/store/window_index.h"
#include "agent/store/window_totals.h"
#include "core/base/directory.h"
#include "core/base/result.h"
#include "core/journal/journal.h"
#include "core/model/closed_window.h"
#include "core/model/label_matcher.h"

namespace sonde {

struct HistoryOptions {
  // Its directory has the index too, about an eighth of the journal's bytes on top of them.
  JournalOptions journal;
  std::uint64_t memory_bytes = std::uint64_t{32} << 20;  // of windows that the disk does not take
};

// What somebody wants to see: windows of a range, and in them the targets that match.
struct Selection {
  HistoryRange range;
  std::vector<LabelMatcher> matchers;
};

struct HistoryWindow {
  std::uint64_t begin_ns = 0;
  std::uint64_t end_ns = 0;
  std::uint64_t lost = 0;
  Totals totals;                     // of all targets
  std::optional<RecordPlace> place;  // none: in memory
  std::uint64_t memory_id = 0;       // which of those
};

// Whether one of them begins then: that is how a copy of a window that was still filled is known.
bool has_window(const std::vector<HistoryWindow>& windows, std::uint64_t begin_ns);

// Windows in a row that are put together.
struct SeriesPoint {
  std::uint64_t begin_ns = 0;  // of the first one that has samples of the group
  std::uint64_t end_ns = 0;    // of the last one
  Totals totals;
};
struct Series {
  Labels group;
  std::vector<SeriesPoint> points;  // by time; windows without a sample of the group have none
  // Groups that were put together here, without labels, because there were too many; 0: one group.
  std::uint64_t folded = 0;
};

// How an answer of sums is made.
struct SumOptions {
  // Labels; none: all of them, an empty list: everything is one group.
  std::optional<std::vector<std::string>> group_by = std::nullopt;
  // Windows that begin in the same stretch of that length, counted from the begin of the range, are
  // one point; 0: each is one.
  std::uint64_t step_ns = 0;
  // Windows that begin then are left out: who asks has them already.
  std::vector<std::uint64_t> without_ns = {};
  // Of series: where there are more groups, the lighter half is put together, again and again.
  std::size_t max_groups = 20'000;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

struct HistoryState {
  std::string problem;  // why windows stay in memory; empty: they do not
  JournalRefusal refusal = JournalRefusal::kCount;  // its kind
  bool is_indexed = false;            // false: the index is behind, older windows are not found yet
  std::string index_problem;          // why the index is not on the disk; empty: it is
  std::uint64_t waiting_windows = 0;  // for the disk
  std::uint64_t memory_bytes = 0;     // of windows in memory: those, and some not indexed yet
  std::uint64_t stored_windows = 0;   // since the start, on the disk
  std::uint64_t disk_bytes = 0;
  std::uint64_t index_rebuilds = 0;
  std::uint64_t refused_records = 0;  // of the journal, that are no windows of this version
  HistoryLossCounts lost{};
  JournalCounters journal;
};

// One thread adds and catches up, any thread asks. No question waits for a window being written.
class History {
 public:
  // A disk that cannot be written to, or not even read, is no error: see state().
  //
  // errors  kFailedPrecondition  another process has this history
  //         kInvalidArgument     the caps contradict one another
  //         kPermissionDenied    the directory is another user's or writable by others
  static Result<std::unique_ptr<History>> open(HistoryOptions options);
  ~History();  // what only memory has is gone: sync() first
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  // Takes a window, for good unless it is counted as lost. Windows that wait are tried first, so
  // that they lie in the order of time. May block as long as the disk does.
  void add(const ClosedWindow& window);
  // Indexes windows that were there before the start, or before the index was damaged: at most
  // `max_windows` of them. True: nothing is left to do.
  bool catch_up(std::uint64_t max_windows);
  // On the disk afterwards is whatever could be written. For a clean stop.
  void sync();

  // Windows of the range, by time.
  // errors of these  kUnavailable: the index cannot be read now, windows in memory included.
  Result<std::vector<HistoryWindow>> windows(const HistoryRange& range);
  // errors  kNotFound (shed meanwhile), kDataLoss, those of the disk
  Result<ClosedWindow> load(const HistoryWindow& window);
  // Sums over a selection by group. Largest CPU time first.
  //
  // errors  kDeadlineExceeded
  // cost    1 us for each target of each window, and the labels of the range's targets once; read
  //         in pieces: others are answered, and windows added, in between.
  Result<std::vector<TargetTotals>> sums(const Selection& selection,
                                         const SumOptions& options = {});
  // The same, window by window. Groups in the order of their labels, then what was put together. A
  // group that comes back after that has its later points only; no sample is lost.
  Result<std::vector<Series>> series(const Selection& selection, const SumOptions& options = {});
  Result<HistoryExtent> extent();
  // Whether every window is found that begins before `end_ns`, and none comes any more: the index
  // on the disk has all, and the window that was added last began then or later. False where that
  // cannot be told. Windows that were lost or shed are not missed.
  bool has_all_before(std::uint64_t end_ns);

  [[nodiscard]] HistoryState state() const;

 private:
  struct Waiting {
    std::uint64_t id = 0;
    std::string bytes;
    WindowTotals totals;
    std::optional<RecordPlace> place;  // on the disk too, but not indexed
    std::uint64_t sequence = 0;        // there
  };

  // What was open on a disk, to be closed without the lock: that may take as long as the disk does.
  struct Left {
    std::shared_ptr<Journal> journal;
    std::optional<WindowIndex> index;
  };

  explicit History(HistoryOptions options)
      : options_(std::move(options)), directory_(options_.journal.directory) {}
  [[nodiscard]] std::string index_path() const { return options_.journal.directory + "/index.db"; }
  Result<void> open_journal();
  void flush();
  void drop_oldest();
  void count_lost(HistoryLoss why);
  Left give_up(const Error& error);
  void find_places_again();
  void count_disk_lost();
  void refuse(const Error& error);
  void open_index();
  bool follow(std::uint64_t max_windows);
  void damaged_index(const Error& error);
  template <typename Value, typename Ask>
  Result<Value> ask(const Ask& question);
  using TakeTotals =
      std::function<void(const Labels& group, const HistoryRange& window, const Totals& totals)>;
  Result<void> each_total(const Selection& selection, const SumOptions& options,
                          const TakeTotals& take);
  std::vector<WindowTotals> waiting_in(const HistoryRange& range, std::uint64_t& position);

  const HistoryOptions options_;
  PrivateDirectory directory_;  // the adding thread's
  std::uint64_t left_end_ = 0;  // of the journal that was given up because its disk failed

  mutable std::mutex mutex_;  // guards what follows; held while the index is used
  std::shared_ptr<Journal>
      journal_;  // null: cannot be opened now. Only the adding thread changes it
  std::optional<WindowIndex> index_;
  bool index_in_memory_ = false;
  std::deque<Waiting> waiting_;  // oldest first. Only the adding thread changes it
  std::uint64_t last_id_ = 0;
  std::uint64_t last_begin_ns_ = 0;  // of the window that was added last; 0: none since the start
  // Where the last ones went that were in memory, by id: for who found them there.
  std::map<std::uint64_t, RecordPlace> moved_;
  HistoryState state_;  // its journal's counters: of those that were given up
};

// Holds mutex_.
template <typename Value, typename Ask>
Result<Value> History::ask(const Ask& question) {
  if (!index_) return Value{};
  Result<Value> answer = question(*index_);
  if (answer) return answer;
  damaged_index(answer.error());
  return Error{ErrorCode::kUnavailable, answer.error().message};
}

}  // namespace sonde
