// SPDX-License-Identifier: Apache-2.0
// What windows a journal has: their spans and sums by target, in SQLite. Never the only place where
// something is: what is missing here is read from the journal again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "agent/store/sqlite.h"
#include "agent/store/window_totals.h"
#include "core/base/result.h"
#include "core/journal/journal.h"

namespace sonde {

// Unix time in ns, [begin, end). A window is in it that begins in it.
struct HistoryRange {
  std::uint64_t begin_ns = 0;
  std::uint64_t end_ns = 0;
};

// Of all windows there are.
struct HistoryExtent {
  std::uint64_t oldest_begin_ns = 0;  // Unix time; all 0 if there is none
  std::uint64_t newest_begin_ns = 0;
  std::uint64_t newest_end_ns = 0;
  std::uint64_t windows = 0;
};

struct IndexedWindow {
  std::uint64_t sequence = 0;
  RecordPlace place;
  std::uint64_t begin_ns = 0;
  std::uint64_t end_ns = 0;
  std::uint64_t lost = 0;
  Totals totals;
};

// One target's part of one window.
struct TotalsRow {
  std::uint64_t sequence = 0;
  std::uint64_t begin_ns = 0;
  std::uint64_t end_ns = 0;
  std::uint64_t target = 0;  // of each_target()
  Totals totals;
};

// Thread-confined.
class WindowIndex {
 public:
  // Opens the file, or creates it. One that is damaged, of another version or no database is
  // removed and created anew, empty.
  //
  // path    ":memory:" is gone with the index
  // errors  kUnavailable, kResourceExhausted: the disk does not let it.
  static Result<WindowIndex> open(const std::string& path);

  // Removes the file and what SQLite has beside it.
  static void remove(const std::string& path);

  // True if open() found none that could be used.
  [[nodiscard]] bool is_new() const { return is_new_; }

  // What the journal has and the index has not is read and added, oldest first; what it no longer
  // has is forgotten. Call after each append, and after an error once there is space again.
  //
  // returns  true: nothing is left to do. False: `max_windows` were added, there are more.
  // errors   those of SQLite, and kResourceExhausted where there is no descriptor or memory to read
  //          with: the index stays behind. What cannot be read of the journal is not an error here:
  //          it is counted there.
  // cost     a window of 50 targets: about 0.3 ms and 1.2 KB.
  Result<bool> follow(const Journal& journal, std::uint64_t max_windows);
  // Leaves out the records before `sequence`. Call before the first follow().
  void skip_to(std::uint64_t sequence) { position_ = std::max(position_, sequence); }
  // Sequence of the next record to index: all before it are.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  // Records of the journal that are no windows of this version.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

  // errors of these  those of SQLite; kDataLoss: open it anew
  Result<std::vector<IndexedWindow>> windows(const HistoryRange& range);
  Result<std::vector<TotalsRow>> totals(const HistoryRange& range);
  // Calls take(target, labels) for those of the targets that there are.
  // cost  about 2 us each, however many the index has.
  Result<void> each_target(std::span<const std::uint64_t> targets,
                           const std::function<void(std::uint64_t, const Labels&)>& take);
  Result<HistoryExtent> extent();

 private:
  struct PassedOver {
    std::uint64_t damaged = 0;
    std::uint64_t refused = 0;
  };

  explicit WindowIndex(Database database) : database_(std::move(database)) {}
  static Result<WindowIndex> open_existing(const std::string& path);
  Result<void> prepare();
  Result<void> forget_what_is_gone(const Journal& journal);
  Result<void> forget(std::uint64_t begin, std::uint64_t end);
  Result<PassedOver> add_new(const Journal& journal, std::uint64_t max_windows);
  Result<void> add(const JournalRecord& record, const WindowTotals& totals);
  Result<std::uint64_t> target_of(const Labels& labels);
  Result<SqlStatement> ranged(const char* sql, const HistoryRange& range);

  Database database_;
  bool is_new_ = false;
  std::uint64_t position_ = 0;  // sequence of the next record to index
  std::uint64_t oldest_ = 0;    // of the journal, as of the last look
  std::uint64_t refused_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> target_ids_;  // by their labels' bytes
};

}  // namespace sonde
