// SPDX-License-Identifier: Apache-2.0
#include "agent/web/api.h"

#include <memory>
#include <utility>

#include "agent/web/api_answer.h"
#include "agent/web/api_flame.h"
#include "agent/web/api_series.h"
#include "agent/web/api_status.h"

namespace sonde {
namespace {

// Waiting holds a thread that answers: short enough for whoever else asks.
constexpr std::chrono::milliseconds kWaitForPlace{1'000};

using Answer = HttpResponse (*)(const ApiSources&, const HttpRequest&);

}  // namespace

void add_api(Router& router, ApiSources sources) {
  struct Api {
    explicit Api(ApiSources given) : sources(std::move(given)) {}
    const ApiSources sources;
    ReadGate gate;
  };
  const auto api = std::make_shared<Api>(std::move(sources));
  const auto reads_windows = [&](const char* path, Answer answer) {
    router.get(path, [api, answer](const HttpRequest& request) {
      return api->gate.run(kWaitForPlace, [&] { return answer(api->sources, request); });
    });
  };
  reads_windows("/api/v1/flame", answer_flame);
  reads_windows("/api/v1/profile", answer_profile);
  reads_windows("/api/v1/health", answer_health);
  const auto reads_sums = [&](const char* path, Answer answer) {
    router.get(path,
               [api, answer](const HttpRequest& request) { return answer(api->sources, request); });
  };
  reads_sums("/api/v1/series", answer_series);
  reads_sums("/api/v1/labels", answer_labels);
  reads_sums("/api/v1/label/*/values", answer_label_values);
  reads_sums("/api/v1/status", answer_status);
}

}  // namespace sonde
