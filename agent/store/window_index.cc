// SPDX-License-Identifier: Apache-2.0
#include "agent/store/window_index.h"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "agent/store/window_codec.h"
#include "core/base/byte_codec.h"
#include "core/journal/cursor.h"

namespace sonde {
namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kMaxCachedTargets = 10'000;
constexpr std::uint64_t kWindowsPerTransaction = 500;
constexpr std::uint64_t kForever = std::numeric_limits<std::int64_t>::max();

// One process, one connection: locks are held for good. A power cut may lose the last commits,
// which are read from the journal again.
constexpr const char* kSettings =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    "PRAGMA wal_autocheckpoint=256; PRAGMA cache_size=-2000; PRAGMA temp_store=MEMORY;"
    "PRAGMA trusted_schema=OFF;";

constexpr const char* kTables =
    "CREATE TABLE windows(sequence INTEGER PRIMARY KEY, segment INTEGER NOT NULL,"
    " mark INTEGER NOT NULL, offset INTEGER NOT NULL, begin_ns INTEGER NOT NULL,"
    " end_ns INTEGER NOT NULL, lost INTEGER NOT NULL, samples INTEGER NOT NULL,"
    " cpu_ns INTEGER NOT NULL, kernel_ns INTEGER NOT NULL, whole INTEGER NOT NULL,"
    " early INTEGER NOT NULL);"
    "CREATE INDEX windows_by_begin ON windows(begin_ns);"
    "CREATE TABLE targets(id INTEGER PRIMARY KEY, labels BLOB NOT NULL UNIQUE);"
    "CREATE TABLE totals(sequence INTEGER NOT NULL, target INTEGER NOT NULL,"
    " samples INTEGER NOT NULL, cpu_ns INTEGER NOT NULL, kernel_ns INTEGER NOT NULL,"
    " whole INTEGER NOT NULL, early INTEGER NOT NULL, PRIMARY KEY(sequence, target))"
    " WITHOUT ROWID;"
    "PRAGMA user_version=1;";

// ?1, ?2: the range.
#define IN_RANGE "begin_ns >= ?1 AND begin_ns < ?2"

std::string bytes_of(const Labels& labels) {
  ByteWriter out;
  for (const auto& [name, value] : labels) {
    out.text(name);
    out.text(value);
  }
  return out.take();
}

Labels labels_of(std::string_view bytes) {
  Labels labels;
  ByteReader in(bytes);
  while (!in.empty()) {
    std::string name(in.text());
    labels[std::move(name)] = in.text();
  }
  return labels;
}

// Binds five parameters from `first` on.
void bind_totals(SqlStatement& statement, int first, const Totals& totals) {
  statement.bind(first, totals.samples);
  statement.bind(first + 1, totals.cpu_ns);
  statement.bind(first + 2, totals.kernel_ns);
  statement.bind(first + 3, totals.whole);
  statement.bind(first + 4, totals.early);
}

Totals read_totals(const SqlStatement& row, int first) {
  return {.samples = row.number(first),
          .cpu_ns = row.number(first + 1),
          .kernel_ns = row.number(first + 2),
          .whole = row.number(first + 3),
          .early = row.number(first + 4)};
}

// Calls take(row) for each row. errors: those of step().
template <typename Take>
Result<void> for_each_row(SqlStatement& statement, const Take& take) {
  while (true) {
    auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return {};
    take(statement);
  }
}

}  // namespace

Result<WindowIndex> WindowIndex::open(const std::string& path) {
  auto index = open_existing(path);
  if (index || index.error().code != ErrorCode::kDataLoss) return index;
  remove(path);
  return open_existing(path);
}

void WindowIndex::remove(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) ::unlink((path + suffix).c_str());
}

Result<WindowIndex> WindowIndex::open_existing(const std::string& path) {
  auto database = Database::open(path);
  if (!database) return database.error();
  WindowIndex index(std::move(*database));
  if (auto ready = index.prepare(); !ready) return ready.error();
  return index;
}

// errors  kDataLoss also for tables of another version.
Result<void> WindowIndex::prepare() {
  if (auto set = database_.run(kSettings); !set) return set;
  auto version = database_.number("PRAGMA user_version");
  if (!version) return version.error();
  auto tables = database_.number("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  if (*tables == 0) {
    is_new_ = true;
    const std::string create = std::string("BEGIN;") + kTables + "COMMIT;";
    if (auto made = database_.run(create.c_str()); !made) return made;
  } else if (*version != kVersion) {
    return Error{ErrorCode::kDataLoss, "index: of another version"};
  }
  auto last = database_.number("SELECT coalesce(max(sequence), 0) FROM windows");
  if (!last) return last.error();
  position_ = *last + 1;
  return {};
}

Result<bool> WindowIndex::follow(const Journal& journal, std::uint64_t max_windows) {
  if (auto forgot = forget_what_is_gone(journal); !forgot) return forgot.error();
  while (position_ < journal.end() && max_windows > 0) {
    const std::uint64_t before = position_;
    const std::uint64_t some = std::min(max_windows, kWindowsPerTransaction);
    max_windows -= some;
    auto begun = database_.run("BEGIN");
    auto passed = begun ? add_new(journal, some) : Result<PassedOver>(begun.error());
    auto added = passed ? database_.run("COMMIT") : Result<void>(passed.error());
    if (!added) {
      (void)database_.run("ROLLBACK");  // fails where SQLite has already done so
      target_ids_.clear();
      position_ = before;
      return added.error();
    }
    refused_ += passed->refused;
    journal.count_damaged(passed->damaged);
  }
  return position_ >= journal.end();
}

// A journal that does not have what the index says is another one, or lost its end in a power cut:
// told once, by what the journal had when it was opened.
Result<void> WindowIndex::forget_what_is_gone(const Journal& journal) {
  const std::uint64_t begin = journal.begin();
  if (oldest_ == begin) return {};
  if (oldest_ == 0 && !is_new_) {
    const std::uint64_t end = journal.loaded_end();
    auto places = database_.prepare(
        "SELECT DISTINCT segment, mark FROM windows WHERE sequence >= ?1 AND sequence < ?2");
    if (!places) return places.error();
    places->bind(0, begin);
    places->bind(1, end);
    bool is_other = false;
    auto read = for_each_row(*places, [&](const SqlStatement& row) {
      if (!journal.segment({row.number(0), row.number(1)})) is_other = true;
    });
    if (!read) return read;
    if (auto gone = forget(is_other ? 0 : end, kForever); !gone) return gone;
    position_ = is_other ? begin : std::min(position_, end);
  }
  if (auto gone = forget(0, begin); !gone) return gone;
  position_ = std::max(position_, begin);
  oldest_ = begin;
  return {};
}

// Windows with begin <= sequence < end, and what targets they alone had.
Result<void> WindowIndex::forget(std::uint64_t begin, std::uint64_t end) {
  std::uint64_t gone = 0;
  auto count =
      database_.prepare("SELECT count(*) FROM windows WHERE sequence >= ?1 AND sequence < ?2");
  if (!count) return count.error();
  count->bind(0, begin);
  count->bind(1, end);
  auto counted = for_each_row(*count, [&](const SqlStatement& row) { gone = row.number(0); });
  if (!counted || gone == 0) return counted;
  if (auto begun = database_.run("BEGIN"); !begun) return begun;
  Result<void> done;
  for (const char* sql : {"DELETE FROM totals WHERE sequence >= ?1 AND sequence < ?2",
                          "DELETE FROM windows WHERE sequence >= ?1 AND sequence < ?2"}) {
    auto statement = database_.prepare(sql);
    if (!statement) {
      done = statement.error();
      break;
    }
    statement->bind(0, begin);
    statement->bind(1, end);
    done = statement->run();
    if (!done) break;
  }
  if (done) {
    done = database_.run("DELETE FROM targets WHERE id NOT IN (SELECT target FROM totals)");
  }
  if (done) done = database_.run("COMMIT");
  if (!done) (void)database_.run("ROLLBACK");
  target_ids_.clear();
  return done;
}

Result<WindowIndex::PassedOver> WindowIndex::add_new(const Journal& journal,
                                                     std::uint64_t max_windows) {
  PassedOver passed;
  JournalCursor cursor(journal, position_);
  while (max_windows > 0) {
    auto record = cursor.next();
    position_ = cursor.position();
    if (!record && is_passing(record.error())) return record.error();
    if (!record) continue;  // that segment is given up: the cursor is behind it
    if (!*record) break;
    if ((*record)->label.type != kWindowRecord) continue;
    const auto window = decode_window((*record)->payload);
    if (!window) {
      ++passed.refused;
      continue;
    }
    if (auto put = add(**record, totals_of(*window)); !put) return put.error();
    --max_windows;
  }
  passed.damaged = cursor.damaged();
  return passed;
}

Result<void> WindowIndex::add(const JournalRecord& record, const WindowTotals& window) {
  Totals all;
  for (const TargetTotals& target : window.targets) all += target.totals;
  auto statement = database_.prepare(
      "INSERT OR REPLACE INTO windows VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)");
  if (!statement) return statement.error();
  const std::uint64_t sequence = record.label.sequence;
  int parameter = 0;
  for (const std::uint64_t value :
       {sequence, record.place.segment.first_sequence, record.place.segment.mark,
        record.place.offset, window.begin_ns, window.end_ns, window.lost}) {
    statement->bind(parameter++, value);
  }
  bind_totals(*statement, parameter, all);
  if (auto put = statement->run(); !put) return put;
  auto insert = database_.prepare("INSERT OR REPLACE INTO totals VALUES(?1,?2,?3,?4,?5,?6,?7)");
  if (!insert) return insert.error();
  for (const TargetTotals& target : window.targets) {
    auto id = target_of(target.labels);
    if (!id) return id.error();
    insert->reset();
    insert->bind(0, sequence);
    insert->bind(1, *id);
    bind_totals(*insert, 2, target.totals);
    if (auto put = insert->run(); !put) return put;
  }
  return {};
}

Result<std::uint64_t> WindowIndex::target_of(const Labels& labels) {
  const std::string bytes = bytes_of(labels);
  if (const auto known = target_ids_.find(bytes); known != target_ids_.end()) return known->second;
  std::optional<std::uint64_t> id;
  for (const char* sql : {"SELECT id FROM targets WHERE labels = ?1",
                          "INSERT INTO targets(labels) VALUES(?1) RETURNING id"}) {
    auto statement = database_.prepare(sql);
    if (!statement) return statement.error();
    statement->bind(0, bytes);
    auto read = for_each_row(*statement, [&](const SqlStatement& row) { id = row.number(0); });
    if (!read) return read.error();
    if (id) break;
  }
  if (target_ids_.size() >= kMaxCachedTargets) target_ids_.clear();
  target_ids_.emplace(bytes, *id);
  return *id;
}

Result<SqlStatement> WindowIndex::ranged(const char* sql, const HistoryRange& range) {
  auto statement = database_.prepare(sql);
  if (!statement) return statement;
  statement->bind(0, std::min(range.begin_ns, kForever));
  statement->bind(1, std::min(range.end_ns, kForever));
  return statement;
}

Result<std::vector<IndexedWindow>> WindowIndex::windows(const HistoryRange& range) {
  auto statement =
      ranged("SELECT * FROM windows WHERE " IN_RANGE " ORDER BY begin_ns, sequence", range);
  if (!statement) return statement.error();
  std::vector<IndexedWindow> out;
  auto read = for_each_row(*statement, [&](const SqlStatement& row) {
    out.push_back({.sequence = row.number(0),
                   .place = {{row.number(1), row.number(2)}, row.number(3)},
                   .begin_ns = row.number(4),
                   .end_ns = row.number(5),
                   .lost = row.number(6),
                   .totals = read_totals(row, 7)});
  });
  if (!read) return read.error();
  return out;
}

Result<std::vector<TotalsRow>> WindowIndex::totals(const HistoryRange& range) {
  auto statement = ranged(
      "SELECT sequence, begin_ns, end_ns, target, t.samples, t.cpu_ns, t.kernel_ns, t.whole, "
      "t.early"
      " FROM windows JOIN totals t USING(sequence) WHERE " IN_RANGE " ORDER BY begin_ns, sequence",
      range);
  if (!statement) return statement.error();
  std::vector<TotalsRow> out;
  auto read = for_each_row(*statement, [&](const SqlStatement& row) {
    out.push_back({.sequence = row.number(0),
                   .begin_ns = row.number(1),
                   .end_ns = row.number(2),
                   .target = row.number(3),
                   .totals = read_totals(row, 4)});
  });
  if (!read) return read.error();
  return out;
}

Result<void> WindowIndex::each_target(
    std::span<const std::uint64_t> targets,
    const std::function<void(std::uint64_t, const Labels&)>& take) {
  if (targets.empty()) return {};
  auto statement = database_.prepare("SELECT labels FROM targets WHERE id = ?1");
  if (!statement) return statement.error();
  for (const std::uint64_t target : targets) {
    statement->reset();
    statement->bind(0, target);
    auto read = for_each_row(
        *statement, [&](const SqlStatement& row) { take(target, labels_of(row.text(0))); });
    if (!read) return read;
  }
  return {};
}

Result<HistoryExtent> WindowIndex::extent() {
  HistoryExtent out;
  // Each by itself: so the first and the last are one step in the index by begin.
  auto statement = database_.prepare(
      "SELECT coalesce((SELECT min(begin_ns) FROM windows), 0),"
      " coalesce((SELECT max(begin_ns) FROM windows), 0),"
      " coalesce((SELECT end_ns FROM windows ORDER BY begin_ns DESC LIMIT 1), 0),"
      " (SELECT count(*) FROM windows)");
  if (!statement) return statement.error();
  auto read = for_each_row(*statement, [&](const SqlStatement& row) {
    out = {row.number(0), row.number(1), row.number(2), row.number(3)};
  });
  if (!read) return read.error();
  return out;
}

}  // namespace sonde
