// SPDX-License-Identifier: Apache-2.0
#include "core/journal/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "core/base/clock.h"
#include "core/base/directory.h"
#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::uint64_t kMinSegmentBytes = std::uint64_t{64} << 10;
constexpr std::uint64_t kMaxSegmentBytes = std::uint64_t{8} << 20;
constexpr std::uint64_t kSegmentsInCap = 64;
constexpr std::uint64_t kSegmentsInAge = 16;

// Never zero: unwritten blocks read as zeros.
Result<std::uint64_t> random_mark() {
  std::uint64_t mark = 0;
  while (mark == 0) {
    if (::getrandom(&mark, sizeof(mark), 0) != sizeof(mark)) {
      return Error::from_errno(errno, "getrandom");
    }
  }
  return mark;
}

std::uint64_t lost_index(JournalLoss why) { return static_cast<std::uint64_t>(why); }

}  // namespace

JournalRefusal refusal_of(const Error& error) {
  if (error.code == ErrorCode::kOutOfRange) return JournalRefusal::kRecordTooLarge;
  switch (error.sys_errno) {
    case ENOSPC:
    case EDQUOT:
      return JournalRefusal::kDiskFull;
    case EROFS:
    case EACCES:
    case EPERM:
      return JournalRefusal::kDiskReadOnly;
    default:
      return JournalRefusal::kDiskError;
  }
}

JournalCounters& JournalCounters::operator+=(const JournalCounters& before) {
  appended_records += before.appended_records;
  appended_bytes += before.appended_bytes;
  for (std::size_t i = 0; i < refused.size(); ++i) refused[i] += before.refused[i];
  for (std::size_t i = 0; i < lost.size(); ++i) lost[i] += before.lost[i];
  syncs += before.syncs;
  sync_failures += before.sync_failures;
  torn_bytes += before.torn_bytes;
  unreadable_segments += before.unreadable_segments;
  return *this;
}

Result<std::unique_ptr<Journal>> Journal::open(JournalOptions options) {
  if (options.segment_bytes == 0) {
    options.segment_bytes =
        std::clamp(options.max_bytes / kSegmentsInCap, kMinSegmentBytes, kMaxSegmentBytes);
  }
  if (options.segment_bytes > options.max_bytes) {
    return Error{ErrorCode::kInvalidArgument, "a journal of " + std::to_string(options.max_bytes) +
                                                  " bytes is smaller than one of its segments"};
  }
  auto directory = open_private_directory(options.directory);
  if (!directory) return directory.error();
  if (::flock(directory->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Error::from_errno(errno, "lock " + options.directory);
    return Error{ErrorCode::kFailedPrecondition,
                 options.directory + " is in use by another process"};
  }
  std::unique_ptr<Journal> journal(new Journal(std::move(options), std::move(*directory)));
  if (auto loaded = journal->load(); !loaded) {
    return loaded.error().with_context(journal->options_.directory);
  }
  return journal;
}

Journal::~Journal() {
  if (writer_) (void)sync_writer(true);
  (void)sync_again();
}

Result<void> Journal::load() {
  auto ids = list_segments(directory_.get());
  if (!ids) return ids.error();
  for (const SegmentId& id : *ids) {
    if (auto loaded = load_segment(id, id == ids->back()); !loaded) {
      return loaded.error().with_context(segment_name(id));
    }
  }
  loaded_end_ = next_sequence_;
  last_sync_ns_ = monotonic_ns();
  return {};
}

// Of the last segment every record is read, to find its end; of others, the first. What the disk
// does not give back is left behind: the next record begins a new segment.
Result<void> Journal::load_segment(const SegmentId& id, bool is_last) {
  auto fd = open_segment_file(id);
  if (!fd && is_passing(fd.error())) return fd.error();
  struct stat status {};  // of one that cannot be opened: empty
  if (fd && ::fstat(fd->get(), &status) != 0) return Error::from_errno(errno, "stat");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const SegmentBounds bounds{size, std::numeric_limits<std::uint64_t>::max()};
  Segment segment{.id = id, .end = size, .disk_bytes = size};
  SegmentReader reader(fd ? fd->get() : -1, id);
  auto record = reader.next(bounds);
  if (record && *record) {
    segment.first_time_ns = (*record)->header.time_ns;
  } else if (!segments_.empty()) {
    segment.first_time_ns = segments_.back().first_time_ns;  // at least
  }
  while (is_last && record && *record) record = reader.next(bounds);
  Result<void> rest = record ? Result<void>() : Result<void>(record.error());
  if (is_last) {
    segment.end = reader.offset();
    // Where its first record is damaged, that number stays with it.
    next_sequence_ = std::max(reader.next_sequence(), id.first_sequence + 1);
    const std::uint64_t damaged = reader.damaged_bytes();
    if (rest) rest = reader.finish(size);
    counters_.torn_bytes = reader.damaged_bytes() - damaged;
    can_resume_ = rest && segment.end != 0;
  }
  if (!rest && is_passing(rest.error())) return rest;
  counters_.unreadable_segments += fd && rest ? 0U : 1U;
  segments_.push_back(segment);
  return {};
}

Result<RecordPlace> Journal::append(std::uint16_t type, std::uint64_t time_ns,
                                    std::string_view payload) {
  auto place = try_append({.sequence = end(), .time_ns = time_ns, .type = type}, payload);
  if (!place) {
    const std::lock_guard lock(mutex_);
    ++counters_.refused[static_cast<std::size_t>(refusal_of(place.error()))];
  }
  return place;
}

Result<RecordPlace> Journal::try_append(const RecordLabel& label, std::string_view payload) {
  auto packed = pack_payload(payload);
  if (!packed) return packed.error();
  const std::uint64_t record_bytes = packed->record_bytes();
  if (auto ready = prepare_writer(label.time_ns, record_bytes); !ready) return ready.error();
  if (!writer_) return begin_segment(label, *packed);
  const RecordPlace place{writer_->id(), writer_->end()};
  if (auto written = writer_->append(frame_record(place.segment.mark, label, *packed)); !written) {
    (void)sync_writer(true);  // what was appended before
    return written.error();
  }
  ++fresh_records_;
  const std::lock_guard lock(mutex_);
  segments_.back().end = writer_->end();
  next_sequence_ = label.sequence + 1;
  ++counters_.appended_records;
  counters_.appended_bytes += record_bytes;
  return place;
}

// Afterwards writer_ has room for the record, or there is none and a segment is to begin.
Result<void> Journal::prepare_writer(std::uint64_t time_ns, std::uint64_t record_bytes) {
  if (record_bytes > options_.max_bytes) {
    return Error{ErrorCode::kOutOfRange, "record larger than the journal's cap"};
  }
  if (std::exchange(can_resume_, false)) resume_last();
  if (writer_) {
    const std::uint64_t begun = segments_.back().first_time_ns;
    const auto max_age = static_cast<std::uint64_t>(options_.max_age.count());
    const bool is_old =
        max_age != 0 && time_ns > begun && time_ns - begun > max_age / kSegmentsInAge;
    const bool is_full = writer_->end() + record_bytes > options_.segment_bytes;
    const bool is_due = monotonic_ns() - last_sync_ns_ >=
                        static_cast<std::uint64_t>(options_.sync_interval.count());
    if (is_old || is_full || is_due) {
      if (auto synced = sync_writer(is_old || is_full); !synced) return synced;
      (void)sync_again();  // no reason to refuse a record
    }
  }
  return shed(time_ns, writer_ ? 0 : std::max(record_bytes, options_.segment_bytes));
}

// Where that fails a new segment begins: what may lie behind the end of this one is not believed.
void Journal::resume_last() {
  const Segment& last = segments_.back();
  auto writer = SegmentWriter::resume(directory_.get(), last.id, last.end, options_.segment_bytes);
  if (!writer) return;
  writer_ = std::move(*writer);
  fresh_records_ = 0;
  const std::lock_guard lock(mutex_);
  segments_.back().disk_bytes = std::max(last.end, options_.segment_bytes);
}

// What it cannot give back stays reserved.
void Journal::drop_writer() {
  const bool is_cut = writer_->cut().ok();
  writer_.reset();
  const std::lock_guard lock(mutex_);
  if (is_cut) segments_.back().disk_bytes = segments_.back().end;
}

Result<RecordPlace> Journal::begin_segment(const RecordLabel& label, const PackedPayload& packed) {
  auto mark = random_mark();
  if (!mark) return mark.error();
  const SegmentId id{label.sequence, *mark};
  auto writer = SegmentWriter::begin(directory_.get(), id, options_.segment_bytes,
                                     frame_record(*mark, label, packed));
  if (!writer) return writer.error();
  writer_ = std::move(*writer);
  fresh_records_ = 1;
  directory_dirty_ = true;
  const std::lock_guard lock(mutex_);
  segments_.push_back({.id = id,
                       .end = writer_->end(),
                       .disk_bytes = std::max(writer_->end(), options_.segment_bytes),
                       .first_time_ns = label.time_ns});
  next_sequence_ = label.sequence + 1;
  ++counters_.appended_records;
  counters_.appended_bytes += packed.record_bytes();
  return RecordPlace{id, 0};
}

// Unlinks what is over the caps once `incoming_bytes` are added. A segment is too old when the one
// behind it began before the limit: then all of its records are.
Result<void> Journal::shed(std::uint64_t time_ns, std::uint64_t incoming_bytes) {
  while (!segments_.empty() && total_bytes() + incoming_bytes > options_.max_bytes) {
    if (segments_.size() == 1 && writer_) break;
    if (auto gone = shed_oldest(JournalLoss::kOverBytes); !gone) return gone;
  }
  const auto max_age = static_cast<std::uint64_t>(options_.max_age.count());
  while (max_age != 0 && time_ns > max_age && segments_.size() > 1 &&
         segments_[1].first_time_ns < time_ns - max_age) {
    if (auto gone = shed_oldest(JournalLoss::kOverAge); !gone) return gone;
  }
  return {};
}

// Under the lock, so that a reader who finds no file finds no segment either.
Result<void> Journal::shed_oldest(JournalLoss why) {
  const std::lock_guard lock(mutex_);
  const SegmentId id = segments_.front().id;
  if (::unlinkat(directory_.get(), segment_name(id).c_str(), 0) != 0 && errno != ENOENT) {
    return Error::from_errno(errno, "shed the oldest segment");
  }
  directory_dirty_ = true;
  counters_.lost[lost_index(why)] += view_of(0).bounds.sequence_end - id.first_sequence;
  segments_.erase(segments_.begin());
  return {};
}

Result<void> Journal::sync() {
  auto synced = writer_ ? sync_writer(false) : Result<void>();
  auto again = sync_again();
  return synced ? again : synced;
}

// A segment that could not be synced ends as well.
Result<void> Journal::sync_writer(bool is_end) {
  if (is_end) (void)writer_->cut();
  auto synced = writer_->sync();
  const bool is_written = synced.ok();
  if (synced && directory_dirty_ && ::fsync(directory_.get()) != 0) {
    synced = Error::from_errno(errno, "fsync of the directory");
  }
  last_sync_ns_ = monotonic_ns();
  if (synced) directory_dirty_ = false;
  if (!is_written && fresh_records_ > 0) {
    unsynced_.push_back({writer_->id(), writer_->synced_end(), writer_->end(), fresh_records_});
  }
  fresh_records_ = 0;
  if (is_end || !synced) drop_writer();
  count_unsynced();
  const std::lock_guard lock(mutex_);
  ++(synced ? counters_.syncs : counters_.sync_failures);
  return synced;
}

// What failed syncs left, oldest first, until it fails again.
Result<void> Journal::sync_again() {
  Result<void> synced;
  while (!unsynced_.empty()) {
    synced = sync_again(unsynced_.front());
    if (!synced) break;
    unsynced_.erase(unsynced_.begin());
  }
  if (synced && directory_dirty_ && !writer_ && ::fsync(directory_.get()) != 0) {
    synced = Error::from_errno(errno, "fsync of the directory");
  }
  count_unsynced();
  if (synced) return synced;
  const std::lock_guard lock(mutex_);
  ++counters_.sync_failures;
  return synced;
}

// Records that the memory does not have any more either are counted as damaged.
Result<void> Journal::sync_again(const Unsynced& what) {
  auto fd = open_segment_file(what.id);
  if (!fd && fd.error().code == ErrorCode::kNotFound) return {};  // shed
  if (!fd) return fd.error();
  SegmentReader reader(fd->get(), what.id, what.begin, 0);
  std::uint64_t intact = 0;
  while (true) {
    auto record = reader.next({what.end, std::numeric_limits<std::uint64_t>::max()});
    if (!record) return record.error();
    if (!*record) break;
    ++intact;
  }
  if (auto written = SegmentWriter::write_again(directory_.get(), what.id, what.begin, what.end);
      !written) {
    return written;
  }
  if (intact < what.records) count_damaged(what.records - intact);
  return {};
}

void Journal::count_unsynced() {
  std::uint64_t records = 0;
  for (const Unsynced& one : unsynced_) records += one.records;
  const std::lock_guard lock(mutex_);
  counters_.unsynced_records = records;
}

std::uint64_t Journal::begin() const {
  const std::lock_guard lock(mutex_);
  return segments_.empty() ? next_sequence_ : segments_.front().id.first_sequence;
}

std::uint64_t Journal::end() const {
  const std::lock_guard lock(mutex_);
  return next_sequence_;
}

std::uint64_t Journal::total_bytes() const {
  std::uint64_t sum = 0;
  for (const Segment& segment : segments_) sum += segment.disk_bytes;
  return sum;
}

std::uint64_t Journal::bytes() const {
  const std::lock_guard lock(mutex_);
  return total_bytes();
}

JournalCounters Journal::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

void Journal::count_damaged(std::uint64_t records) const {
  const std::lock_guard lock(mutex_);
  counters_.lost[lost_index(JournalLoss::kDamaged)] += records;
}

Result<UniqueFd> Journal::open_segment_file(const SegmentId& id) const {
  return open_segment(directory_.get(), id);
}

Result<JournalRecord> Journal::read(const RecordPlace& place) const {
  const auto view = segment(place.segment);
  if (!view) return Error{ErrorCode::kNotFound, "shed"};
  auto fd = open_segment_file(place.segment);
  if (!fd) return fd.error();
  if (place.offset >= view->bounds.end) return Error{ErrorCode::kNotFound, "no such record"};
  SegmentReader reader(fd->get(), place.segment, place.offset, 0);
  auto record = reader.next(view->bounds);
  if (!record) return record.error();
  if (!*record || (*record)->offset != place.offset) {
    return Error{ErrorCode::kDataLoss, "damaged record in " + segment_name(place.segment)};
  }
  const RecordHeader& header = (*record)->header;
  auto payload = unpack_payload(header, (*record)->stored);
  if (!payload) return payload.error();
  return JournalRecord{place, {header.sequence, header.time_ns, header.type}, std::move(*payload)};
}

// Holds mutex_.
SegmentView Journal::view_of(std::size_t index) const {
  const bool is_last = index + 1 == segments_.size();
  return {segments_[index].id,
          {segments_[index].end, is_last ? next_sequence_ : segments_[index + 1].id.first_sequence},
          is_last};
}

std::vector<SegmentView> Journal::segments() const {
  const std::lock_guard lock(mutex_);
  std::vector<SegmentView> out;
  for (std::size_t i = 0; i < segments_.size(); ++i) out.push_back(view_of(i));
  return out;
}

std::optional<SegmentView> Journal::segment_of(std::uint64_t sequence) const {
  const std::lock_guard lock(mutex_);
  if (sequence >= next_sequence_ || segments_.empty()) return std::nullopt;
  auto at = std::ranges::upper_bound(segments_, sequence, {},
                                     [](const Segment& item) { return item.id.first_sequence; });
  if (at != segments_.begin()) --at;
  return view_of(static_cast<std::size_t>(at - segments_.begin()));
}

std::optional<SegmentView> Journal::segment(const SegmentId& id) const {
  const std::lock_guard lock(mutex_);
  const auto at = std::ranges::lower_bound(segments_, id, {}, &Segment::id);
  if (at == segments_.end() || at->id != id) return std::nullopt;
  return view_of(static_cast<std::size_t>(at - segments_.begin()));
}

}  // namespace sonde
