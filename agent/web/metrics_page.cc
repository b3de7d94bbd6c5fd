// SPDX-License-Identifier: Apache-2.0
#include "agent/web/metrics_page.h"

#include <exception>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/version.h"
#include "exporters/prometheus/encode.h"

namespace sonde {
namespace {

double seconds_since(std::uint64_t begin_ns) {
  return static_cast<double>(monotonic_ns() - begin_ns) * 1e-9;
}

// What a source had added before it failed stays: it is true.
bool run(const std::string& name, const MetricSource& source, MetricBatch& into) {
  try {
    source(into);
    return true;
  } catch (const std::exception& error) {  // our code throws nothing: out of memory, most likely
    log_error("metrics of " + name + ": " + error.what());
    return false;
  }
}

}  // namespace

void MetricsPage::collect(MetricBatch& into) const {
  MetricFamily& duration = into.family(MetricKind::kGauge, "node_scrape_collector_duration_seconds",
                                       "seconds", "Time that a collector took for this page.");
  MetricFamily& success = into.family(MetricKind::kGauge, "node_scrape_collector_success", "",
                                      "1 if the collector gave all its values.");
  for (const auto& [name, source] : sources_) {
    const std::uint64_t begin = monotonic_ns();
    const bool done = run(name, source, into);
    duration.add({{"collector", name}}, seconds_since(begin));
    success.add({{"collector", name}}, done ? 1 : 0);
  }
}

void MetricsPage::add_own(MetricBatch& into) const {
  const std::lock_guard lock(mutex_);
  into.family(MetricKind::kHistogram, "sonde_scrape_duration_seconds", "seconds",
              "Time to make earlier pages like this one.")
      .add({}, seconds_);
  into.family(MetricKind::kGauge, "sonde_scrape_bytes", "bytes",
              "Size of the last page, before compression.")
      .add(last_bytes_);
}

HttpResponse MetricsPage::answer(const HttpRequest& request) {
  const std::uint64_t begin = monotonic_ns();
  const MetricFormat format = negotiate_metric_format(request.header("accept"));
  MetricBatch batch;
  collect(batch);
  add_own(batch);
  HttpResponse out{.content_type = std::string(content_type_of(format)),
                   .body = encode_metrics(batch, format)};
  const std::lock_guard lock(mutex_);
  seconds_.observe(seconds_since(begin));
  last_bytes_ = static_cast<double>(out.body.size());
  return out;
}

void add_build_metrics(MetricBatch& into) {
  into.family(MetricKind::kInfo, "sonde_build", "", "Version of the running agent.")
      .add({{"version", SONDE_VERSION}}, 1);
}

void add_http_metrics(std::string_view listener, const HttpServerCounts& counts,
                      MetricBatch& into) {
  const MetricLabel label{"listener", std::string(listener)};
  const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
  into.family(MetricKind::kGauge, "sonde_http_connections", "", "Clients connected now.")
      .add({label}, number(counts.connections));
  into.family(MetricKind::kCounter, "sonde_http_accepted", "", "Connections accepted.")
      .add({label}, number(counts.accepted));
  into.family(MetricKind::kCounter, "sonde_http_sent_bytes", "bytes",
              "Bytes of answers that clients have taken.")
      .add({label}, number(counts.sent_bytes));
  MetricFamily& answers = into.family(MetricKind::kCounter, "sonde_http_answers", "",
                                      "Answers to requests that were read, by class of status.");
  for (std::size_t digit = 2; digit < counts.answers.size(); ++digit) {
    answers.add({label, {"code", std::to_string(digit) + "xx"}}, number(counts.answers[digit]));
  }
  MetricFamily& refused = into.family(MetricKind::kCounter, "sonde_http_refused", "",
                                      "Requests and connections refused, by reason.");
  for (std::size_t i = 0; i < counts.refused.size(); ++i) {
    refused.add({label, {"reason", std::string(kHttpRefusalLabels[i])}}, number(counts.refused[i]));
  }
}

}  // namespace sonde
