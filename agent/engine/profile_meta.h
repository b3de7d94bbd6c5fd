// SPDX-License-Identifier: Apache-2.0
// What a profile says about its own making: the books of the ticks, every loss by its reason,
// other counted facts, and what sonde itself cost.
#pragma once

#include <cstdint>

#include "agent/capture/cpu_sampler.h"
#include "agent/capture/process_events.h"
#include "agent/capture/sideband.h"
#include "agent/capture/unwind_tables.h"
#include "agent/engine/deferred_walks.h"
#include "agent/engine/table_publisher.h"
#include "agent/pipeline/loss.h"
#include "agent/process/cgroup_layout.h"
#include "agent/process/code_maps.h"
#include "agent/process/loss.h"
#include "agent/process/process_table.h"
#include "core/model/profile.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

struct MetaSources {
  std::uint32_t rate_hz = 0;
  std::uint64_t begin_wall_ns = 0;
  std::uint64_t duration_ns = 0;
  const CgroupLayout& cgroups;
  const CpuSampler& sampler;
  const ProcessEvents& process_events;
  const Sideband& sideband;
  const UnwindTables& tables;
  const ProcessTable& processes;
  const ImageRegistry& images;
  const PublisherCounts& published;
  const SymbolizerCounters& symbolizer;
  const UserLossCounts& user_losses;
  const DeferredCounts& deferred;
  const CodeMaps& code_maps;
  std::uint64_t code_maps_over_budget = 0;
  std::uint64_t rescans = 0;
  ChargeLossCounts charge_losses{};
  std::uint64_t opted_out = 0;
  std::uint64_t kernel_symbols_refused = 0;
};

// Call after the clocks are off and every ring was drained: then the books balance exactly.
ProfileMeta make_profile_meta(const MetaSources& sources);

// Of a copy of a window that is still filled: its books are those of its samples, what else its
// ticks became is told when it is done.
ProfileMeta meta_of_copy(ProfileMeta now, std::uint64_t samples);

}  // namespace sonde
