// SPDX-License-Identifier: Apache-2.0
#include "agent/web/api_boost.h"

#include <array>
#include <charconv>
#include <string>

#include "agent/web/api_answer.h"
#include "agent/web/parameters.h"
#include "core/base/json.h"

namespace sonde {
namespace {

constexpr std::uint64_t kDefaultSeconds = 300;
constexpr std::uint64_t kMaxSeconds = 3'600;

Result<std::uint64_t> whole_number(std::string_view name, std::string_view text,
                                   std::uint64_t most) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || number < 1 || number > most) {
    return Error{ErrorCode::kInvalidArgument,
                 std::string(name) + " must be a whole number from 1 to " + std::to_string(most)};
  }
  return number;
}

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
  std::uint64_t seconds = kDefaultSeconds;
  if (const auto text = given->find("for")) {
    const auto number = whole_number("for", *text, kMaxSeconds);
    if (!number) return error_answer(number.error());
    seconds = *number;
  }
  const auto boost = sources.boost(*processes, std::chrono::seconds(seconds));
  if (!boost) return error_answer(boost.error());
  return {.body = json_text({{"v", 1}, {"boost", boost_json(*boost)}})};
}

HttpResponse answer_boost_end(const ApiSources& sources, const HttpRequest& request) {
  constexpr std::array<std::string_view, 1> kKnown = {"id"};
  const auto given = Parameters::parse(request.query, kKnown);
  if (!given) return error_answer(given.error());
  const auto id = whole_number("id", given->value("id", ""), ~std::uint64_t{0});
  if (!id) return error_answer(id.error());
  if (!sources.end_boost(*id)) {
    return http_error(404, "there is no boost " + std::to_string(*id) + " now");
  }
  return {.body = json_text({{"v", 1}, {"ended", *id}})};
}

}  // namespace sonde
