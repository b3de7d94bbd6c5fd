// SPDX-License-Identifier: Apache-2.0
// Stage 3, the other half: what happened to processes, mappings and kernel functions, put in order
// and told to the tables that samples are tied to. Lost events make it read every process again.
#pragma once

#include <cstdint>

#include "agent/capture/process_events.h"
#include "agent/capture/sideband.h"
#include "agent/engine/kernel_names.h"
#include "agent/process/process_table.h"

namespace sonde {

// Thread-confined (the session's).
class EventFeed {
 public:
  // All outlive this.
  EventFeed(ProcessEvents& process_events, Sideband& sideband, ProcessTable& processes,
            KernelNames& kernel_names)
      : process_events_(process_events),
        sideband_(sideband),
        processes_(processes),
        kernel_names_(kernel_names) {}

  // Takes what is in the rings. After a loss processes are read again; in a storm of events that
  // takes a part of the time, not all of it, but for the `last` call.
  //
  // begun_ns  when this look began: no event before it is lacking afterwards.
  void apply(std::uint64_t begun_ns, bool last);
  // Events were lost and processes are not read again yet: no sample is certain.
  [[nodiscard]] bool lacks_events() const { return events_lost() != events_lost_seen_; }
  [[nodiscard]] std::uint64_t rescans() const { return rescans_; }

 private:
  void apply_process_event(const sonde_process_event& event);
  void rescan_after_loss(std::uint64_t begun_ns, bool last);
  [[nodiscard]] std::uint64_t events_lost() const {
    return process_events_.lost() + sideband_.lost() + sideband_.times_full();
  }

  ProcessEvents& process_events_;
  Sideband& sideband_;
  ProcessTable& processes_;
  KernelNames& kernel_names_;
  std::uint64_t events_lost_seen_ = 0;
  std::uint64_t rescans_ = 0;
  std::uint64_t rescan_from_ns_ = 0;
  std::uint64_t certain_ns_ = 0;  // no event before that is lacking
};

}  // namespace sonde
