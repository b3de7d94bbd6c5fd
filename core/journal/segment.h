// SPDX-License-Identifier: Apache-2.0
// One file of a journal. Its name says which record it begins with and which mark its records
// carry: SEQUENCE-MARK.journal, both as 16 hex digits. There is nothing in it but records.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fd.h"
#include "core/base/result.h"
#include "core/journal/record.h"

namespace sonde {

struct SegmentId {
  std::uint64_t first_sequence = 0;
  std::uint64_t mark = 0;

  auto operator<=>(const SegmentId&) const = default;
};
std::string segment_name(const SegmentId& id);
std::optional<SegmentId> parse_segment_name(std::string_view name);

// The segments in a directory, in the order of their records. Other files are passed over.
Result<std::vector<SegmentId>> list_segments(int directory);

// Opens a segment for reading. errors: kNotFound (it was shed), those of open(2).
Result<UniqueFd> open_segment(int directory, const SegmentId& id);

// True for errors of a moment, too many descriptors or no memory: what was to be read is there all
// the same.
bool is_passing(const Error& error);

// One record as it lies in its segment, checked by its checksums.
struct StoredRecord {
  std::uint64_t offset = 0;  // of the header
  RecordHeader header;
  std::string stored;  // the zstd frame
};

// What a reader may believe of a segment.
struct SegmentBounds {
  std::uint64_t end = 0;           // bytes that are there for good
  std::uint64_t sequence_end = 0;  // of the first record that is not in this segment
};

// Reads a segment from any record on, and finds the next intact one behind whatever damage.
// Thread-confined. Cost: one pread(2) for a header, one for a payload, 64 KiB reads over damage.
class SegmentReader {
 public:
  // fd      must outlive the reader.
  // offset  where to begin, of the record `sequence` or of one behind it.
  SegmentReader(int fd, const SegmentId& id, std::uint64_t offset, std::uint64_t sequence)
      : fd_(fd), mark_(id.mark), offset_(offset), next_sequence_(sequence) {}
  SegmentReader(int fd, const SegmentId& id) : SegmentReader(fd, id, 0, id.first_sequence) {}

  // The next intact record within `bounds`. Records before `sequence` are stepped over without
  // reading them. None: there is no further one; asking again with wider bounds goes on where this
  // one stopped.
  // errors  those of pread(2): the rest of the segment is out of reach.
  Result<std::optional<StoredRecord>> next(const SegmentBounds& bounds, std::uint64_t sequence = 0);

  // Counts the damaged bytes between the last intact record and the end. Call once, at last.
  Result<void> finish(std::uint64_t end);

  // Where the last intact record ended.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  // Of the record behind it.
  [[nodiscard]] std::uint64_t next_sequence() const { return next_sequence_; }
  // Bytes passed over that are no record. Zeros at the end do not count: they were never written.
  [[nodiscard]] std::uint64_t damaged_bytes() const { return damaged_bytes_; }

 private:
  [[nodiscard]] Result<std::optional<RecordHeader>> header_at(std::uint64_t offset,
                                                              const SegmentBounds& bounds) const;
  // Offset of the next mark at or behind `from`; `end` if there is none.
  [[nodiscard]] Result<std::uint64_t> find_mark(std::uint64_t from, std::uint64_t end) const;
  void pass(std::uint64_t offset, const RecordHeader& header);

  int fd_;
  std::uint64_t mark_;
  std::uint64_t offset_;
  std::uint64_t next_sequence_;
  std::uint64_t damaged_bytes_ = 0;
};

}  // namespace sonde
