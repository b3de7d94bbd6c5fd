// SPDX-License-Identifier: Apache-2.0
#include "agent/web/api_status.h"

#include <array>
#include <string>

#include "agent/web/api_answer.h"
#include "agent/web/api_boost.h"
#include "agent/web/parameters.h"
#include "core/base/json.h"

namespace sonde {
namespace {

Json types_json() {
  return Json::array({{{"id", "cpu"}, {"on", true}},
                      {{"id", "offcpu"}, {"on", false}, {"why", "not in this version"}}});
}

// Why there is nothing older: since the start of the agent.
const char* cut_of(const HistoryState& state) {
  const auto lost = [&](JournalLoss why) {
    return state.journal.lost[static_cast<std::size_t>(why)] > 0;
  };
  if (lost(JournalLoss::kOverBytes)) return "bytes";
  return lost(JournalLoss::kOverAge) ? "age" : "";
}

Json history_json(const HistoryExtent& extent, const HistoryState& state, const AgentFacts& facts) {
  return {{"first", to_ms(extent.oldest_begin_ns)},
          {"last", to_ms(extent.newest_begin_ns)},
          {"windows", extent.windows},
          {"bytes", state.disk_bytes + state.memory_bytes},
          {"limit_bytes", facts.history_limit_bytes},
          {"cut", cut_of(state)}};
}

Json degraded_json(const AgentFacts& facts, const HistoryState& state) {
  Json out = Json::array();
  for (const DegradedPart& part : facts.degraded) {
    out.push_back({{"what", part.what}, {"error", part.error}, {"fix", part.fix}});
  }
  if (!state.index_problem.empty()) {
    out.push_back({{"what", "history index"},
                   {"error", state.index_problem},
                   {"fix", "it is made anew when the disk takes it"}});
  } else if (!state.is_indexed && state.problem.empty()) {
    out.push_back({{"what", "history index"},
                   {"error", "windows from before the start are not found yet"},
                   {"fix", "they are when the index has been made"}});
  }
  return out;
}

Json boosts_json(const AgentFacts& facts) {
  Json out = Json::array();
  for (const BoostFacts& one : facts.boosts) out.push_back(boost_json(one));
  return out;
}

}  // namespace

HttpResponse answer_status(const ApiSources& sources, const HttpRequest& request) {
  if (const auto given = Parameters::parse(request.query, {}); !given) {
    return error_answer(given.error());
  }
  const AgentFacts facts = sources.facts();
  const auto extent = sources.history.extent();
  const HistoryState state = sources.history.state();  // says why the extent is not known
  const HistoryExtent known = extent ? *extent : HistoryExtent{};
  return {.body = json_text(
              {{"v", 1},
               {"host", facts.host},
               {"version", facts.version},
               {"kernel", facts.kernel},
               {"now", to_ms(sources.now_ns())},
               {"started", to_ms(facts.started_ns)},
               {"ncpu", facts.cpu_count},
               {"rate", facts.rate_hz},
               {"divisor", facts.divisor},
               {"window_ms", to_ms(facts.window_ns)},
               {"history", history_json(known, state, facts)},
               {"open", {{"from", to_ms(facts.open_begin_ns)}, {"samples", facts.open_samples}}},
               {"types", types_json()},
               {"degraded", degraded_json(facts, state)},
               {"boosts", boosts_json(facts)},
               {"ready", facts.ready},
               {"ready_why", facts.ready_why}})};
}

}  // namespace sonde
