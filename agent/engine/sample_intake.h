// SPDX-License-Identifier: Apache-2.0
// Stage 3: raw samples -> counted stacks in windows. Ties each sample to its process as it was at
// that time, translates its frames, cuts what is not certain, and lets those wait whose walk is
// deferred.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "agent/engine/deferred_walks.h"
#include "agent/engine/table_publisher.h"
#include "agent/pipeline/loss.h"
#include "agent/pipeline/window_set.h"
#include "agent/process/code_maps.h"
#include "agent/process/process_table.h"
#include "agent/process/stale_code.h"
#include "core/model/raw_sample.h"

namespace sonde {

// Thread-confined (the session's). Cost: about 0.5 us a sample.
class SampleIntake {
 public:
  // All outlive this.
  SampleIntake(UnwindTables& tables, TablePublisher& publisher, const ProcessTable& processes,
               const StaleCode& stale, CodeMaps& code_maps, WindowSet& windows,
               UserLossCounts& losses)
      : publisher_(publisher),
        processes_(processes),
        stale_(stale),
        code_maps_(code_maps),
        windows_(windows),
        losses_(losses),
        deferred_(tables, publisher, processes) {}

  // Deferred samples are moved out of `samples`. A stack that is known already costs no allocation.
  void take(std::span<RawSample> samples);
  // Walks the deferred samples whose tables are there; with `last` takes all others as they are.
  void walk_deferred(bool last);

  [[nodiscard]] bool waits() const { return !deferred_.empty(); }
  [[nodiscard]] std::size_t waiting() const { return deferred_.size(); }  // samples
  // Time of the oldest sample that waits; `otherwise` if there is none.
  [[nodiscard]] std::uint64_t oldest_ns(std::uint64_t otherwise) const {
    return deferred_.oldest_ns(otherwise);
  }
  [[nodiscard]] const DeferredCounts& deferred() const { return deferred_.counts(); }

 private:
  void take_walked(const RawSample& sample);
  void take_deferred(const RawSample& sample, const Process* process);
  void translate_frames(const RawSample& sample, const Process* process);
  [[nodiscard]] FrameWord translate_user(FrameWord word, const Process* process) const;
  [[nodiscard]] std::string_view name_of(const sonde_sample& header, std::uint16_t stop) const;
  void store(const sonde_sample& header, const Process* process, std::uint16_t stop,
             std::string_view name);

  TablePublisher& publisher_;
  const ProcessTable& processes_;
  const StaleCode& stale_;
  CodeMaps& code_maps_;
  WindowSet& windows_;
  UserLossCounts& losses_;
  DeferredWalks deferred_;
  std::vector<FrameWord> frames_;  // of the sample being taken; reused
};

}  // namespace sonde
