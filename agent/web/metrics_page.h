// SPDX-License-Identifier: Apache-2.0
// `/metrics`: asks every source for its values and encodes them as the client wants them.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/web/http_message.h"
#include "agent/web/http_server.h"
#include "core/model/metric.h"

namespace sonde {

// Adds the values of one part of the agent. Called by several threads.
using MetricSource = std::function<void(MetricBatch&)>;

// Thread-safe once every source is added.
class MetricsPage {
 public:
  // name  of the source in `node_scrape_collector_duration_seconds`, as dashboards know it.
  void add(std::string name, MetricSource source) {
    sources_.emplace_back(std::move(name), std::move(source));
  }

  // The page, with what each source took. A source that throws is marked
  // (`node_scrape_collector_success` 0); what it had added before stays.
  HttpResponse answer(const HttpRequest& request);

 private:
  void collect(MetricBatch& into) const;
  void add_own(MetricBatch& into) const;

  std::vector<std::pair<std::string, MetricSource>> sources_;
  mutable std::mutex mutex_;  // of what follows: earlier answers
  MetricHistogram seconds_{
      .bounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5}};
  double last_bytes_ = 0;
};

// `sonde_build_info`.
void add_build_metrics(MetricBatch& into);

// What a listener did: `sonde_http_*`.
//
// listener  `listen` or `telemetry_listen`.
void add_http_metrics(std::string_view listener, const HttpServerCounts& counts, MetricBatch& into);

}  // namespace sonde
