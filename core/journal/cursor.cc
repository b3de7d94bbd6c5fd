// SPDX-License-Identifier: Apache-2.0
#include "core/journal/cursor.h"

#include <algorithm>
#include <utility>

namespace sonde {

JournalCursor::JournalCursor(const Journal& journal, std::uint64_t position)
    : journal_(journal),
      position_(position == 0 ? journal.begin() : std::min(position, journal.end())) {}

// What lies between the position and `sequence` should have been there.
void JournalCursor::count_damaged_before(std::uint64_t sequence) {
  if (sequence <= position_) return;
  damaged_ += sequence - position_;
  position_ = sequence;
}

Result<bool> JournalCursor::open_segment_of_position() {
  while (auto view = journal_.segment_of(position_)) {
    if (view->id.first_sequence > position_) {
      shed_ += view->id.first_sequence - position_;
      position_ = view->id.first_sequence;
    }
    view_ = *view;
    auto fd = journal_.open_segment_file(view_.id);
    if (fd) {
      fd_ = std::move(*fd);
      reader_.emplace(fd_.get(), view_.id);
      return true;
    }
    if (fd.error().code == ErrorCode::kNotFound && !journal_.segment(view_.id)) continue;  // shed
    if (is_passing(fd.error())) return fd.error();
    count_damaged_before(view_.bounds.sequence_end);
    return fd.error();
  }
  return false;
}

void JournalCursor::close_segment() {
  reader_.reset();
  fd_.reset();
}

// The segment has no further record within its bounds, or cannot be read.
void JournalCursor::leave_segment() {
  count_damaged_before(view_.bounds.sequence_end);
  close_segment();
}

Result<std::optional<JournalRecord>> JournalCursor::next() {
  while (true) {
    if (!reader_) {
      auto opened = open_segment_of_position();
      if (!opened) return opened.error();
      if (!*opened) return std::optional<JournalRecord>();
    } else if (const auto now = journal_.segment(view_.id)) {
      view_ = *now;
    } else {
      view_.is_last = false;  // shed: its file still has what was known of it
    }
    auto record = reader_->next(view_.bounds, position_);
    if (!record) {
      if (!is_passing(record.error())) leave_segment();
      return record.error();
    }
    if (!*record) {
      if (view_.is_last && position_ >= view_.bounds.sequence_end) {
        return std::optional<JournalRecord>();
      }
      leave_segment();
      continue;
    }
    const RecordHeader& header = (*record)->header;
    count_damaged_before(header.sequence);
    auto payload = unpack_payload(header, (*record)->stored);
    if (!payload && is_passing(payload.error())) {
      close_segment();  // its reader is past the record
      return payload.error();
    }
    if (!payload) {
      count_damaged_before(header.sequence + 1);
      continue;
    }
    position_ = header.sequence + 1;
    return std::optional(JournalRecord{{view_.id, (*record)->offset},
                                       {header.sequence, header.time_ns, header.type},
                                       std::move(*payload)});
  }
}

}  // namespace sonde
