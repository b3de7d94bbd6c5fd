// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/history_metrics.h"

#include <array>
#include <string>
#include <utility>

namespace sonde {
namespace {

template <typename Names, typename Counts>
void add_losses(const char* stage, const Names& names, const Counts& counts, MetricFamily& into) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    into.add({{"stage", stage}, {"reason", std::string(names[i])}}, static_cast<double>(counts[i]));
  }
}

void add_gauge(const char* name, const char* unit, const char* help, std::uint64_t value,
               MetricBatch& into) {
  into.family(MetricKind::kGauge, name, unit, help).add(static_cast<double>(value));
}

void add_journal_metrics(const JournalCounters& journal, MetricBatch& into) {
  MetricFamily& refused =
      into.family(MetricKind::kCounter, "sonde_journal_refused", "",
                  "Windows that the disk did not take when they were offered, by the reason.");
  for (std::size_t i = 0; i < journal.refused.size(); ++i) {
    refused.add({{"reason", kJournalRefusalNames.at(i)}}, static_cast<double>(journal.refused[i]));
  }
  const auto add_counter = [&](const char* name, const char* unit, const char* help,
                               std::uint64_t value) {
    into.family(MetricKind::kCounter, name, unit, help).add(static_cast<double>(value));
  };
  add_counter("sonde_journal_appended_bytes", "bytes", "Bytes appended to the journal.",
              journal.appended_bytes);
  add_counter("sonde_journal_syncs", "", "Times that the journal was synced to the disk.",
              journal.syncs);
  add_counter("sonde_journal_sync_failures", "", "Times that it could not be synced.",
              journal.sync_failures);
  add_counter("sonde_journal_torn_bytes", "bytes",
              "Bytes of writes cut short, found behind the last record at a start.",
              journal.torn_bytes);
  add_gauge("sonde_journal_unsynced_records", "",
            "Windows that a power cut may take: the disk failed to sync them.",
            journal.unsynced_records, into);
}

}  // namespace

void add_history_metrics(const HistoryState& state, const WriterCounts& writer,
                         const NameKeeperCounts& names, MetricBatch& into) {
  MetricFamily& lost = into.family(MetricKind::kCounter, "sonde_lost", "",
                                   "What was lost, by the stage that lost it and the reason.");
  add_losses("writer", kWriterLossNames, writer.lost, lost);
  add_losses("history", kHistoryLossNames, state.lost, lost);
  add_losses("journal", kJournalLossNames, state.journal.lost, lost);
  into.family(MetricKind::kCounter, "sonde_windows", "", "Windows that ended.")
      .add(static_cast<double>(writer.taken));
  into.family(MetricKind::kCounter, "sonde_history_windows", "", "Windows put on the disk.")
      .add(static_cast<double>(state.stored_windows));
  into.family(MetricKind::kCounter, "sonde_history_index_rebuilds", "",
              "Times that the index was made anew from the journal.")
      .add(static_cast<double>(state.index_rebuilds));
  add_gauge("sonde_history_waiting_windows", "", "Windows in memory that wait for the disk.",
            state.waiting_windows, into);
  add_gauge("sonde_history_memory_bytes", "bytes", "Memory of windows that are in no file yet.",
            state.memory_bytes, into);
  add_gauge("sonde_history_disk_bytes", "bytes", "Disk space of the journal.", state.disk_bytes,
            into);
  add_journal_metrics(state.journal, into);
  add_gauge("sonde_names_memory_bytes", "bytes", "Memory of names that are in no file yet.",
            names.kept_bytes, into);
  into.family(MetricKind::kCounter, "sonde_names_dropped", "",
              "Names that found no room and are asked for again.")
      .add(static_cast<double>(names.dropped));
  into.family(MetricKind::kCounter, "sonde_names_write_failures", "",
              "Tables of names that the disk did not take; they wait in memory.")
      .add(static_cast<double>(names.write_failures));
  into.family(MetricKind::kCounter, "sonde_names_postponed", "",
              "Names that the symbolizer did not get to and that are asked for again.")
      .add(static_cast<double>(names.postponed));
}

void add_symbolizer_metrics(const SymbolizerCounters& counters, MetricBatch& into) {
  MetricFamily& events =
      into.family(MetricKind::kCounter, "sonde_symbolizer_events", "",
                  "What happened to the symbolizer's worker and its requests, by kind.");
  const std::array<std::pair<const char*, std::uint64_t>, 10> kinds = {
      {{"requests", counters.requests},
       {"worker_restarts", counters.worker_restarts},
       {"worker_crashes", counters.worker_crashes},
       {"deadlines_exceeded", counters.deadlines_exceeded},
       {"bad_answers", counters.bad_answers},
       {"files_refused", counters.files_refused},
       {"debug_files_rejected", counters.debug_files_rejected},
       {"cache_hits", counters.cache_hits},
       {"cache_misses", counters.cache_misses},
       {"cache_write_failures", counters.cache_write_failures}}};
  for (const auto& [kind, count] : kinds) {
    events.add({{"kind", kind}}, static_cast<double>(count));
  }
}

}  // namespace sonde
