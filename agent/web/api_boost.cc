// SPDX-License-Identifier: Apache-2.0
#include "agent/web/api_boost.h"

#include <array>
#include <string>

#include "agent/web/api_answer.h"
#include "agent/web/parameters.h"
#include "agent/web/selection_query.h"
#include "core/base/json.h"

namespace sonde {
namespace {

constexpr std::uint64_t kDefaultSeconds = 300;
constexpr std::uint64_t kMaxSeconds = 3'600;

HttpResponse refused(const Error& error) {
  return error_answer({ErrorCode::kInvalidArgument, error.message});
}

}  // namespace

Json boost_json(const BoostFacts& boost) {
  return {{"id", boost.id},
          {"match", boost.match},
          {"until", to_ms(boost.until_ns)},
          {"rate", boost.rate_hz}};
}

HttpResponse answer_boost(const ApiSources& sources, const HttpRequest& request) {
  constexpr std::array<std::string_view, 2> kKnown = {"match", "for"};
  const auto given = Parameters::parse(request.query, kKnown);
  if (!given) return error_answer(given.error());
  const auto processes = parse_process_selector(given->value("match", ""));
  if (!processes) return refused(processes.error().with_context("match"));
  const auto seconds = number_of(*given, "for", kDefaultSeconds, 1, kMaxSeconds);
  if (!seconds) return error_answer(seconds.error());
  const auto boost = sources.boost(*processes, std::chrono::seconds(*seconds));
  if (!boost) return error_answer(boost.error());
  return {.body = json_text({{"v", 1}, {"boost", boost_json(*boost)}})};
}

HttpResponse answer_boost_end(const ApiSources& sources, const HttpRequest& request) {
  constexpr std::array<std::string_view, 1> kKnown = {"id"};
  const auto given = Parameters::parse(request.query, kKnown);
  if (!given) return error_answer(given.error());
  if (!given->find("id")) return refused({ErrorCode::kInvalidArgument, "id is missing"});
  const auto id = number_of(*given, "id", 0, 1, ~std::uint64_t{0});
  if (!id) return error_answer(id.error());
  if (!sources.end_boost(*id)) {
    return http_error(404, "there is no boost " + std::to_string(*id) + " now");
  }
  return {.body = json_text({{"v", 1}, {"ended", *id}})};
}

}  // namespace sonde
