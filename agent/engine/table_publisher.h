// SPDX-License-Identifier: Apache-2.0
// Keeps the kernel's tables in step with the process table: gives images their slots, turns
// ranges into the kernel's form, asks for rows, and translates frames back. Where the tables are
// full, what was not used for longest makes room for what a tick asks for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "agent/capture/unwind_tables.h"
#include "agent/engine/loss.h"
#include "agent/engine/row_loader.h"
#include "agent/process/process_table.h"
#include "core/model/profile_window.h"

namespace sonde {

struct PublisherCounts {
  TableLossCounts table{};
  std::uint64_t rows_failed = 0;       // files the worker could make no rows of
  std::uint64_t rows_retried = 0;      // asked for again: the worker had been killed from outside
  std::uint64_t rows_unsupported = 0;  // rows with a rule that is not evaluated
};

// Thread-confined (the session's).
class TablePublisher {
 public:
  // What a tick used within this time is not evicted: one window.
  static constexpr std::uint64_t kInUseNs = 10'000'000'000;
  // Of one process; further ones are walked in userspace.
  static constexpr std::size_t kMaxRanges = 16384;

  TablePublisher(UnwindTables& tables, ImageRegistry& images, RowLoader& loader)
      : tables_(tables), images_(images), loader_(loader) {}

  // Publishes what changed in the process table. Many ranges are published the more rarely, so
  // that one process cannot hold up others.
  void publish(ProcessTable& processes, std::uint64_t now_ns);
  // Publishes rows that have arrived.
  void publish_rows();
  // After UnwindTables::reclaim: publishes the rows that waited for room.
  void publish_waiting();
  // Rows or processes wait for the next reclaim.
  [[nodiscard]] bool waits_for_room() const { return !waiting_.empty() || room_made_; }
  // Ranges in the kernel's form; images in them that were not known get slots, and their rows are
  // asked for.
  std::vector<sonde_range> to_kernel(const std::vector<CodeRange>& ranges);
  // Changes whenever rows have been published.
  [[nodiscard]] std::uint64_t publications() const { return publications_; }
  // A walk stopped in an image whose rows are not there: they come next.
  void demand(ImageId image);
  // Nothing that is published, or will be, has this image: its slot becomes free.
  void release(ImageId image);
  // Of slots that are taken: which image may not be released because its rows wait for room.
  [[nodiscard]] bool waits_for_room(ImageId image) const;
  // A tick hit this process.
  void touch(const ProcessKey& process);
  // Frame of the kernel -> frame with an ImageId, which counts as in use.
  FrameWord translate(std::uint64_t frame);
  [[nodiscard]] const PublisherCounts& counts() const { return counts_; }

 private:
  struct SlotState {
    ImageSlot slot;
    bool known = false;
    bool requested = false;     // its rows, from the worker
    bool out = false;           // no room, or evicted: unpublished until a walk asks for it
    bool starved = false;       // no room while all others are in use: published as empty
    std::uint32_t retries = 0;  // of rows whose worker was killed from outside
    std::uint32_t rows = 0;     // published, or not if `starved`
    std::uint32_t pages = 0;    // likewise
    std::uint64_t used_ns = 0;  // when a walk last met it, 0 = never
  };
  struct Many {  // of a process with many ranges
    std::uint64_t published_ns = 0;
    std::uint32_t replacements = 0;  // by then
  };
  void count(TableLoss loss, std::uint64_t by = 1) {
    counts_.table[static_cast<std::size_t>(loss)] += by;
  }
  [[nodiscard]] std::uint64_t unused_since() const { return now_ns_ - std::min(now_ns_, kInUseNs); }
  Result<ImageSlot> slot_of(ImageId image);
  bool request_rows(ImageId image);
  bool ask_again(const LoadedRows& loaded);
  void publish_change(const ProcessTable& processes, const ProcessChange& change);
  void publish_ranges(const Process& process);
  bool too_soon(const Process& process);
  void publish_missing(const ProcessTable& processes);
  void place(LoadedRows&& loaded);
  bool make_room(const SlotState& wanted);
  [[nodiscard]] std::vector<SlotState*> cold_images();
  [[nodiscard]] std::uint64_t rows_to_come() const;
  void feed_starved();

  UnwindTables& tables_;
  ImageRegistry& images_;
  RowLoader& loader_;
  std::vector<SlotState> slots_;                   // by ImageId
  std::vector<ImageId> image_of_slot_;             // by slot
  std::vector<LoadedRows> waiting_;                // for room: it is there after the next reclaim
  std::map<std::uint32_t, std::uint64_t> wanted_;  // tgid -> start: a tick met it, not there
  std::map<std::uint32_t, std::uint64_t> late_;    // tgid -> start: published when it is time
  std::unordered_map<std::uint32_t, Many> many_;   // by tgid
  // Within publish(): who has been given these ranges.
  std::unordered_map<const std::vector<CodeRange>*, ProcessKey> same_ranges_;
  bool room_made_ = false;  // for processes: it is there after the next reclaim
  std::uint64_t now_ns_ = 0;
  std::uint64_t fed_ns_ = 0;
  std::uint64_t tried_ns_ = 0;
  std::uint64_t publications_ = 0;
  PublisherCounts counts_;
};

}  // namespace sonde
