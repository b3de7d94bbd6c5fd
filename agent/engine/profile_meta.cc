// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/profile_meta.h"

#include <algorithm>
#include <map>
#include <string>

#include "agent/engine/host_facts.h"
#include "core/base/version.h"

namespace sonde {
namespace {

using Counts = std::map<std::string, std::uint64_t>;

void add(Counts& counts, const char* what, std::uint64_t count) {
  if (count > 0) counts[what] = count;
}

TickLedger ticks_of(const CpuSamplerCounts& counts) {
  TickLedger ticks;
  ticks.run = counts.counters[SONDE_CPU_RUN];
  // A tick can run just after the clock's own count was read.
  ticks.expected = std::max(counts.clocks.expected, ticks.run);
  ticks.missed = ticks.expected - ticks.run;
  ticks.idle = counts.counters[SONDE_CPU_IDLE];
  ticks.filtered = counts.counters[SONDE_CPU_FILTERED];
  ticks.thinned = counts.counters[SONDE_CPU_THINNED];
  ticks.emitted = counts.counters[SONDE_CPU_EMITTED];
  return ticks;
}

Counts losses_of(const MetaSources& from, const CpuSamplerCounts& counts, const TickLedger& ticks) {
  Counts lost;
  add(lost, "missed", ticks.missed);
  add(lost, "ring_full", counts.counters[SONDE_CPU_RING_FULL]);
  for (std::size_t i = 0; i < from.user_losses.size(); ++i) {
    add(lost, kUserLossNames[i], from.user_losses[i]);
  }
  return lost;
}

Counts notes_of(const MetaSources& from) {
  const ProcessTableCounts& processes = from.processes.counts();
  Counts notes;
  const CpuSamplerCounts counts = from.sampler.counts();
  add(notes, "ticks_slept", counts.clocks.slept);
  add(notes, "cpus_went", counts.clocks.went);
  add(notes, "cpus_came", counts.clocks.came);
  add(notes, "cpu_gap_ticks", counts.clocks.gap_ticks);
  add(notes, "deferred", counts.counters[SONDE_CPU_DEFERRED]);
  add(notes, "deferred_unwalked", from.deferred.unwalked);
  add(notes, "deferred_over_budget", from.deferred.over_budget);
  add(notes, "defer_refused", counts.counters[SONDE_CPU_DEFER_REFUSED]);
  add(notes, "process_events_lost", from.process_events.lost());
  add(notes, "sideband_lost", from.sideband.lost());
  add(notes, "rescans", from.rescans);
  add(notes, "opted_out", from.opted_out);
  add(notes, "kernel_symbols_refused", from.kernel_symbols_refused);
  add(notes, "process_gone", processes.gone_before_scan);
  add(notes, "process_not_permitted", processes.not_permitted);
  add(notes, "maps_lines_bad", processes.maps_lines_bad);
  add(notes, "code_maps_refused", from.code_maps.refused());
  add(notes, "code_maps_stale", from.code_maps.stale());
  add(notes, "code_maps_stuck", from.code_maps.stuck());
  add(notes, "code_maps_over_budget", from.code_maps_over_budget);
  add(notes, "code_copies_skipped", from.processes.copies().skipped());
  add(notes, "code_copies_stuck", from.processes.copies().stuck());
  add(notes, "image_open_failed", from.images.open_failures());
  add(notes, "images_stuck", from.images.stuck());
  add(notes, "debug_files_stuck", from.symbolizer.debug_files_stuck);
  for (std::size_t i = 0; i < from.published.table.size(); ++i) {
    add(notes, kTableLossNames[i], from.published.table[i]);
  }
  for (std::size_t i = 0; i < from.charge_losses.size(); ++i) {
    add(notes, kChargeLossNames[i], from.charge_losses[i]);
  }
  add(notes, "rows_failed", from.published.rows_failed);
  add(notes, "rows_retried", from.published.rows_retried);
  add(notes, "rows_unsupported", from.published.rows_unsupported);
  add(notes, "worker_restarts", from.symbolizer.worker_restarts);
  add(notes, "workers_stuck", from.symbolizer.workers_stuck);
  add(notes, "images", from.images.in_use());
  add(notes, "processes", from.processes.all().size());
  add(notes, "verified_instructions", from.sampler.verified_instructions());
  return notes;
}

ProfileCost cost_of(const MetaSources& from, const CpuSamplerCounts& counts) {
  const std::uint64_t bpf_ns = counts.counters[SONDE_CPU_BPF_NS];
  const std::uint64_t emitted = counts.counters[SONDE_CPU_EMITTED];
  ProfileCost cost;
  cost.cpu_seconds = own_cpu_seconds() + static_cast<double>(from.symbolizer.worker_cpu_ns) / 1e9;
  cost.bpf_seconds = static_cast<double>(bpf_ns) / 1e9;
  cost.bpf_ns_per_sample = emitted == 0 ? 0 : bpf_ns / emitted;
  cost.rss_peak_bytes = own_peak_rss_bytes() + from.symbolizer.worker_peak_rss_bytes;
  cost.kernel_map_bytes =
      from.sampler.map_bytes() + from.process_events.map_bytes() + from.tables.chunk_bytes();
  return cost;
}

}  // namespace

ProfileMeta make_profile_meta(const MetaSources& from) {
  const HostFacts host = read_host_facts();
  const CpuSamplerCounts counts = from.sampler.counts();
  ProfileMeta meta;
  meta.host = host.host;
  meta.kernel = host.kernel;
  meta.version = SONDE_VERSION;
  meta.cpu_count = from.sampler.cpu_count();
  meta.rate_hz = from.rate_hz;
  meta.begin_ns = from.begin_wall_ns;
  meta.duration_ns = from.duration_ns;
  meta.cgroup_mode = from.cgroups.name();
  meta.ticks = ticks_of(counts);
  meta.lost = losses_of(from, counts, meta.ticks);
  meta.notes = notes_of(from);
  meta.cost = cost_of(from, counts);
  return meta;
}

ProfileMeta meta_of_copy(ProfileMeta now, std::uint64_t samples) {
  now.ticks = {.expected = samples, .run = samples, .emitted = samples};
  now.lost.clear();
  now.notes.clear();
  now.cost = {};
  return now;
}

}  // namespace sonde
