// SPDX-License-Identifier: Apache-2.0
// The segment that a journal appends to. Its blocks are reserved when it begins, so that a disk
// that fills up is met there; the file's size is that of its records.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/fd.h"
#include "core/base/result.h"
#include "core/journal/segment.h"

namespace sonde {

// Thread-confined. Dropped without cut(), it leaves the file as it is.
class SegmentWriter {
 public:
  // Begins a segment with its first record: under another name until that record is written, so
  // that no segment is ever empty.
  //
  // reserve_bytes  blocks to reserve; a file system that cannot is written to without.
  // errors         those of open(2), write(2) and rename(2); then nothing is left behind.
  static Result<SegmentWriter> begin(int directory, const SegmentId& id,
                                     std::uint64_t reserve_bytes, std::string_view first_record);
  // Goes on with a segment behind its last intact record; what follows that one is cut off.
  // errors  those of open(2) and ftruncate(2).
  static Result<SegmentWriter> resume(int directory, const SegmentId& id, std::uint64_t end,
                                      std::uint64_t reserve_bytes);

  // One write(2). After an error the file is cut back to its last record, and the segment must be
  // dropped: whether it was cut is not known to be.
  Result<void> append(std::string_view record);
  // fdatasync(2). After an error records since the last sync may be lost: drop the segment.
  // errors  those of fdatasync(2); kNotFound: somebody removed the file.
  Result<void> sync();
  // Gives back what was reserved and not used. It lasts from the next sync on.
  // errors  those of ftruncate(2).
  Result<void> cut();

  // Writes bytes of a segment that no writer has to their place again and syncs them. After a sync
  // that failed the kernel takes for written what may not be on the disk, and the next sync says
  // that all is well: what is in memory has to be written anew.
  // errors  those of open(2), pread(2), pwrite(2) and fdatasync(2).
  static Result<void> write_again(int directory, const SegmentId& id, std::uint64_t begin,
                                  std::uint64_t end);

  [[nodiscard]] const SegmentId& id() const { return id_; }
  [[nodiscard]] std::uint64_t end() const { return end_; }
  // end() as of the last sync, or of resume().
  [[nodiscard]] std::uint64_t synced_end() const { return synced_end_; }

 private:
  SegmentWriter(UniqueFd fd, const SegmentId& id, std::uint64_t end)
      : fd_(std::move(fd)), id_(id), end_(end), synced_end_(end) {}
  void reserve(std::uint64_t bytes);

  UniqueFd fd_;
  SegmentId id_;
  std::uint64_t end_;
  std::uint64_t synced_end_;
};

}  // namespace sonde
