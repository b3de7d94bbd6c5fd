// SPDX-License-Identifier: Apache-2.0
// What the history and the thread that writes it say of themselves. Stateless.
#pragma once

#include "agent/daemon/window_writer.h"
#include "agent/store/history.h"
#include "agent/store/name_keeper.h"
#include "core/model/metric.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

void add_history_metrics(const HistoryState& state, const WriterCounts& writer,
                         const NameKeeperCounts& names, MetricBatch& into);
void add_symbolizer_metrics(const SymbolizerCounters& counters, MetricBatch& into);

}  // namespace sonde
