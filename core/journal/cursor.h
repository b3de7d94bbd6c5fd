// SPDX-License-Identifier: Apache-2.0
// Reads a journal from a position on, across segments, damage and shedding.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/fd.h"
#include "core/base/result.h"
#include "core/journal/journal.h"

namespace sonde {

// Thread-confined; any number of them may read while one thread appends.
class JournalCursor {
 public:
  // position  sequence of the first record wanted; 0 = the oldest that is kept; one past the
  //           journal's end() becomes end().
  JournalCursor(const Journal& journal, std::uint64_t position);

  // The next intact record, or none if there is none yet: ask again later.
  //
  // errors  kResourceExhausted: nothing was passed over, ask again later. Others of open(2) and
  //         pread(2): the rest of that segment is given up, its records count as damaged, and the
  //         next call goes on behind it.
  Result<std::optional<JournalRecord>> next();

  // Of the next record. To be stored by whoever wants to go on from here after a restart.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  // Records passed over since the cursor was made.
  [[nodiscard]] std::uint64_t damaged() const { return damaged_; }
  [[nodiscard]] std::uint64_t shed() const { return shed_; }

 private:
  Result<bool> open_segment_of_position();
  void close_segment();
  void leave_segment();
  void count_damaged_before(std::uint64_t sequence);

  const Journal& journal_;
  std::uint64_t position_;
  std::uint64_t damaged_ = 0;
  std::uint64_t shed_ = 0;
  SegmentView view_;
  UniqueFd fd_;
  std::optional<SegmentReader> reader_;
};

}  // namespace sonde
