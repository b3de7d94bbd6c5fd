// SPDX-License-Identifier: Apache-2.0
#include "agent/web/api.h"

#include <memory>
#include <utility>

#include "agent/web/api_answer.h"
#include "agent/web/api_boost.h"
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
  const auto reads = [&](Reads what, const char* path, Answer answer) {
    router.get(path, [api, what, answer](const HttpRequest& request) {
      return api->gate.run(what, kWaitForPlace, [&] { return answer(api->sources, request); });
    });
  };
  reads(Reads::kWindows, "/api/v1/flame", answer_flame);
  reads(Reads::kWindows, "/api/v1/profile", answer_profile);
  reads(Reads::kWindows, "/api/v1/health", answer_health);
  reads(Reads::kSums, "/api/v1/series", answer_series);
  reads(Reads::kSums, "/api/v1/labels", answer_labels);
  reads(Reads::kSums, "/api/v1/label/*/values", answer_label_values);
  router.get("/api/v1/status",
             [api](const HttpRequest& request) { return answer_status(api->sources, request); });
  const auto changes = [&](const char* path, Answer answer) {
    router.post(
        path, [api, answer](const HttpRequest& request) { return answer(api->sources, request); });
  };
  if (!api->sources.boost) return;
  changes("/api/v1/boost", answer_boost);
  changes("/api/v1/boost/end", answer_boost_end);
}

}  // namespace sonde
