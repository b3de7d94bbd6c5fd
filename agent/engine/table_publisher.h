// SPDX-License-Identifier: Apache-2.0
// Keeps the kernel's tables in step with the process table: gives images their slots, turns
// ranges into the kernel's form, asks for rows, and translates frames back.
#pragma once

#include <cstdint>
#include <vector>

#include "agent/capture/unwind_tables.h"
#include "agent/engine/row_loader.h"
#include "agent/process/process_table.h"
#include "core/model/profile_window.h"

namespace sonde {

struct PublisherCounts {
  std::uint64_t table_full = 0;        // processes or ranges that did not fit
  std::uint64_t rows_over_budget = 0;  // images whose rows did not fit
  std::uint64_t rows_failed = 0;       // files the worker could make no rows of
  std::uint64_t rows_retried = 0;      // asked for again: the worker had been killed from outside
  std::uint64_t rows_unsupported = 0;  // rows with a rule that is not evaluated
};

// Thread-confined (the session's).
class TablePublisher {
 public:
  TablePublisher(UnwindTables& tables, ImageRegistry& images, RowLoader& loader)
      : tables_(tables), images_(images), loader_(loader) {}

  // Publishes what changed in the process table.
  void publish(ProcessTable& processes);
  // Publishes rows that have arrived.
  void publish_rows();
  // Ranges in the kernel's form; images in them that were not known get slots, and their rows are
  // asked for.
  std::vector<sonde_range> to_kernel(const std::vector<CodeRange>& ranges);
  // Changes whenever rows have been published.
  [[nodiscard]] std::uint64_t publications() const { return publications_; }
  // A walk stopped in an image whose rows are not there: they come next.
  void demand(ImageId image) { loader_.demand(image); }
  // Frame of the kernel -> frame with an ImageId.
  [[nodiscard]] FrameWord translate(std::uint64_t frame) const;
  [[nodiscard]] const PublisherCounts& counts() const { return counts_; }

 private:
  struct SlotState {
    ImageSlot slot;
    bool known = false;
    bool requested = false;     // its rows, from the worker
    std::uint32_t retries = 0;  // of rows whose worker was killed from outside
  };
  Result<ImageSlot> slot_of(ImageId image);
  bool request_rows(ImageId image);
  bool ask_again(const LoadedRows& loaded);
  void publish_change(const ProcessTable& processes, const ProcessChange& change);

  UnwindTables& tables_;
  ImageRegistry& images_;
  RowLoader& loader_;
  std::vector<SlotState> slots_;        // by ImageId
  std::vector<ImageId> image_of_slot_;  // by slot
  std::uint64_t publications_ = 0;
  PublisherCounts counts_;
};

}  // namespace sonde
