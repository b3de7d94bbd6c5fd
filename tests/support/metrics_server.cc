// SPDX-License-Identifier: Apache-2.0
// metrics_server: serves the metrics page with every source that needs no running session, prints
// its address and ends with its standard input. For tests with real scrapers.
#include <atomic>
#include <cstdio>

#include "agent/metrics/own_process.h"
#include "agent/web/health.h"
#include "agent/web/http_server.h"
#include "agent/web/metrics_page.h"
#include "agent/web/site.h"

int main() {
  std::atomic<const sonde::HttpServer*> started = nullptr;
  sonde::MetricsPage page;
  page.add("build", sonde::add_build_metrics);
  page.add("process", sonde::add_own_process_metrics);
  page.add("listen", [&](sonde::MetricBatch& into) {
    const sonde::HttpServer* server = started;
    if (server != nullptr) sonde::add_http_metrics("listen", server->counts(), into);
  });
  sonde::Router router;
  sonde::add_health(router, [] { return sonde::Readiness{true, "nothing is sampled here"}; });
  router.get("/metrics", [&](const sonde::HttpRequest& request) { return page.answer(request); });
  auto server = sonde::HttpServer::start(
      sonde::ListenAddress{}, sonde::make_site(sonde::Guard::any_name(), std::move(router)));
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().message.c_str());
    return 1;
  }
  started = server->get();
  std::printf("%s\n", (*server)->address().text().c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}
