// SPDX-License-Identifier: Apache-2.0
// Append-only records on disk, in segments of which the oldest are unlinked to stay under a cap.
// Stage 5 of the line: closed windows are appended here once.
//
// What survives: append() hands a record to the kernel with one write(2), so kill -9 loses at most
// the record being written. The disk has it after the next fdatasync(2): in an append once
// `sync_interval` has passed since the last one, when a segment is full, in sync() and in the
// destructor. A power cut loses at most what was appended since. What a failed sync leaves
// unsynced is written to its place again at the next ones, until one of them succeeds.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fd.h"
#include "core/base/result.h"
#include "core/journal/loss.h"
#include "core/journal/segment.h"
#include "core/journal/segment_writer.h"

namespace sonde {

struct JournalOptions {
  std::string directory;                               // made 0700 if missing; this user's alone
  std::uint64_t max_bytes = std::uint64_t{512} << 20;  // of all segments, reserved blocks included
  std::chrono::nanoseconds max_age{0};                 // behind the newest record; 0 = any
  std::uint64_t segment_bytes = 0;                     // 0 = 1/64 of max_bytes, 64 KiB to 8 MiB
  std::chrono::nanoseconds sync_interval = std::chrono::seconds(30);
};

// Where a record lies. Places are not used again.
struct RecordPlace {
  SegmentId segment;
  std::uint64_t offset = 0;
};

struct JournalRecord {
  RecordPlace place;
  RecordLabel label;
  std::string payload;
};

// Since open().
struct JournalCounters {
  std::uint64_t appended_records = 0;
  std::uint64_t appended_bytes = 0;  // on disk
  JournalRefusalCounts refused{};
  JournalLossCounts lost{};  // kDamaged: as count_damaged() was told
  std::uint64_t syncs = 0;
  std::uint64_t sync_failures = 0;
  std::uint64_t unsynced_records = 0;  // now, of segments that could not be synced
  std::uint64_t torn_bytes = 0;        // behind the last intact record at open(): a write cut short
  std::uint64_t unreadable_segments = 0;  // that open() could not open, or read to their end

  // Counts of one that was open before; its unsynced records are not this one's.
  JournalCounters& operator+=(const JournalCounters& before);
};

// A segment as readers may see it now.
struct SegmentView {
  SegmentId id;
  SegmentBounds bounds;
  bool is_last = false;
};

// One thread appends; any thread may read meanwhile.
class Journal {
 public:
  // Opens what is there and writes nothing yet, so that a read-only disk can be read.
  //
  // errors  kFailedPrecondition  another process has it open
  //         kInvalidArgument     segment_bytes over max_bytes
  //         kPermissionDenied    the directory is another user's or writable by others
  //         those of open(2) and pread(2)
  // cost    reads the last segment, and one header of each other.
  static Result<std::unique_ptr<Journal>> open(JournalOptions options);
  ~Journal();  // syncs and returns what was reserved
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Appends a record. On failure nothing was appended, readers see what they saw, and the next call
  // tries anew in a new segment: the journal goes on when the disk does.
  //
  // time_ns  Unix time that its age is counted from.
  // errors   refusal_of(error) names why. May block as long as the disk does.
  Result<RecordPlace> append(std::uint16_t type, std::uint64_t time_ns, std::string_view payload);
  // Whatever was appended is on the disk afterwards. By the thread that appends.
  // errors  those of fdatasync(2) and fsync(2): what was appended before may be lost in a power
  //         cut, until a later call succeeds.
  Result<void> sync();

  // Sequences of the oldest record that is kept, and of the next one to be appended. A position
  // from before a power cut may be past end(): the records before it are lost, go on at end().
  [[nodiscard]] std::uint64_t begin() const;
  [[nodiscard]] std::uint64_t end() const;
  // end() as of open(): what somebody knows of later records from before is no longer true.
  [[nodiscard]] std::uint64_t loaded_end() const { return loaded_end_; }
  [[nodiscard]] std::uint64_t bytes() const;  // on disk, reserved blocks included
  [[nodiscard]] JournalCounters counters() const;

  // The record at a place.
  // errors  kNotFound (shed), kDataLoss (damaged), those of open(2) and pread(2)
  [[nodiscard]] Result<JournalRecord> read(const RecordPlace& place) const;

  // All segments, oldest first.
  [[nodiscard]] std::vector<SegmentView> segments() const;
  // The segment that has `sequence`, or the first one behind it; none if there is no such record
  // yet.
  [[nodiscard]] std::optional<SegmentView> segment_of(std::uint64_t sequence) const;
  [[nodiscard]] std::optional<SegmentView> segment(const SegmentId& id) const;
  [[nodiscard]] Result<UniqueFd> open_segment_file(const SegmentId& id) const;
  // One of the readers says what it found damaged: the one that comes by every record.
  void count_damaged(std::uint64_t records) const;

 private:
  struct Segment {
    SegmentId id;
    std::uint64_t end = 0;            // of its intact records
    std::uint64_t disk_bytes = 0;     // reserved, or `end`
    std::uint64_t first_time_ns = 0;  // of its first intact record
  };

  // Of a segment that was given up because it could not be synced.
  struct Unsynced {
    SegmentId id;
    std::uint64_t begin = 0;  // bytes
    std::uint64_t end = 0;
    std::uint64_t records = 0;
  };

  Journal(JournalOptions options, UniqueFd directory)
      : options_(std::move(options)), directory_(std::move(directory)) {}
  Result<void> load();
  Result<void> load_segment(const SegmentId& id, bool is_last);
  Result<RecordPlace> try_append(const RecordLabel& label, std::string_view payload);
  Result<void> prepare_writer(std::uint64_t time_ns, std::uint64_t record_bytes);
  void resume_last();
  void drop_writer();
  Result<RecordPlace> begin_segment(const RecordLabel& label, const PackedPayload& packed);
  Result<void> shed(std::uint64_t time_ns, std::uint64_t incoming_bytes);
  Result<void> shed_oldest(JournalLoss why);
  Result<void> sync_writer(bool is_end);
  Result<void> sync_again();
  Result<void> sync_again(const Unsynced& what);
  void count_unsynced();
  [[nodiscard]] SegmentView view_of(std::size_t index) const;
  [[nodiscard]] std::uint64_t total_bytes() const;

  const JournalOptions options_;
  UniqueFd directory_;
  std::uint64_t loaded_end_ = 1;
  // The appending thread's.
  std::optional<SegmentWriter> writer_;
  bool can_resume_ = false;          // the last segment has room
  bool directory_dirty_ = false;     // segments came or went since the last sync
  std::uint64_t fresh_records_ = 0;  // of the last segment, since its last sync
  std::vector<Unsynced> unsynced_;
  std::uint64_t last_sync_ns_ = 0;

  mutable std::mutex mutex_;  // guards what follows
  // Only the appending thread changes these two, and reads them without the lock.
  std::vector<Segment> segments_;
  std::uint64_t next_sequence_ = 1;
  mutable JournalCounters counters_;
};

}  // namespace sonde
