// SPDX-License-Identifier: Apache-2.0
// What this process itself takes of the host, under the names that every Prometheus client uses.
// Stateless, thread-safe.
#pragma once

#include "core/model/metric.h"

namespace sonde {

// Adds `process_cpu_seconds_total`, `process_start_time_seconds`, `process_resident_memory_bytes`,
// `process_virtual_memory_bytes`, `process_virtual_memory_max_bytes` (2^64 where it is not
// limited), `process_open_fds` and `process_max_fds` of the caller. What cannot be read is left
// out.
//
// cost    a small file and a directory of /proc.
// source  Prometheus, Writing client libraries, Process metrics.
void add_own_process_metrics(MetricBatch& into);

}  // namespace sonde
