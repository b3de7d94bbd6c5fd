// SPDX-License-Identifier: Apache-2.0
// The agent's two HTTP servers: `listen` with everything, `telemetry_listen` with what other
// machines may ask for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "agent/config/config.h"
#include "agent/web/health.h"
#include "agent/web/http_server.h"
#include "agent/web/metrics_page.h"
#include "agent/web/router.h"

namespace sonde {

class Listeners {
 public:
  // host   this machine's name, under which the page may be asked for.
  // page   adds what `listen` serves besides. All that they refer to outlives this.
  Listeners(std::string host, MetricsPage& metrics, std::function<Readiness()> readiness,
            std::function<void(Router&)> page);

  // Listens where the configuration says. Servers whose address stays go on; if an address cannot
  // be had, all stay as they were.
  // errors  those of HttpServer::start()
  Result<void> apply(const Config& config);
  // Answers under way are waited for. False: one still is, after `patience`; what it refers to may
  // not end then.
  [[nodiscard]] bool stop(std::chrono::milliseconds patience);

  // Of the page; empty while nothing listens.
  [[nodiscard]] std::string url() const;
  // Thread-safe.
  void add_metrics(MetricBatch& into) const;

 private:
  struct Listener {
    ListenAddress wanted;
    std::unique_ptr<HttpServer> server;
  };
  struct Ending {  // servers that wait for their last answers
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t servers = 0;
  };
  [[nodiscard]] Result<Listener> start(const ListenAddress& address, bool with_page) const;
  void end(Listener&& listener) const;

  const std::string host_;
  MetricsPage& metrics_;
  const std::function<Readiness()> readiness_;
  const std::function<void(Router&)> add_page_;
  mutable std::mutex mutex_;  // guards what follows
  Listener page_;
  Listener telemetry_;
  const std::shared_ptr<Ending> ending_ = std::make_shared<Ending>();
};

}  // namespace sonde
