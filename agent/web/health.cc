// SPDX-License-Identifier: Apache-2.0
#include "agent/web/health.h"

#include <utility>

#include "core/base/json.h"

namespace sonde {
namespace {

constexpr std::chrono::seconds kMaxSilence{60};

std::string seconds_text(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

HttpResponse status(int code, std::string_view word, std::string_view reason) {
  return {.status = code, .body = json_text(Json{{"status", word}, {"reason", reason}}) + "\n"};
}

}  // namespace

Readiness readiness_of_ticks(std::optional<std::chrono::nanoseconds> last_tick,
                             std::chrono::nanoseconds since_start) {
  if (!last_tick) {
    return {false, "no clock tick seen in the " + seconds_text(since_start) + " since the start"};
  }
  const std::string age = seconds_text(*last_tick) + " ago";
  if (*last_tick >= kMaxSilence) return {false, "no clock tick seen for 60 s, the last one " + age};
  return {true, "the last clock tick was " + age};
}

void add_health(Router& router, std::function<Readiness()> readiness) {
  router.get("/healthz", [](const HttpRequest&) { return status(200, "ok", "sonde answers"); });
  router.get("/readyz", [ask = std::move(readiness)](const HttpRequest&) {
    const Readiness now = ask();
    return now.ready ? status(200, "ready", now.why) : status(503, "not ready", now.why);
  });
}

}  // namespace sonde
