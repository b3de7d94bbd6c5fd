// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "agent/store/charge_sums.h"
#include "agent/store/trust_sums.h"
#include "agent/store/window_walk.h"
#include "agent/web/api_answer.h"
#include "agent/web/api_status.h"
#include "agent/web/loss_words.h"
#include "agent/web/series_query.h"
#include "core/base/json.h"
#include "core/model/books.h"
#include "exporters/text/stack_cut.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxExecutables = 200;

Json trust_json(const TrustSums& sums) {
  const ExecutableTrust& chosen = sums.all();
  const ProfileMeta& meta = sums.meta();
  const std::uint64_t lost = lost_of(meta);
  return {{"produced", sums.stored() + lost},
          {"lost", lost},
          {"missed", missed_of(meta)},
          {"expected", meta.ticks.expected},
          {"samples", chosen.samples},
          {"whole", chosen.whole},
          {"early", chosen.early}};
}

Json books_json(const TrustSums& sums) {
  const ProfileMeta& meta = sums.meta();
  const auto slept = meta.notes.find("ticks_slept");
  Json lost = Json::array();
  for (const auto& [reason, samples] : meta.lost) {
    const auto last = sums.last_lost().find(reason);
    lost.push_back({{"reason", reason},
                    {"side", to_string(side_of_loss(reason))},
                    {"samples", samples},
                    {"last", last == sums.last_lost().end() ? 0 : to_ms(last->second)}});
  }
  return {{"expected", meta.ticks.expected},
          {"missed", meta.ticks.missed},
          {"slept", slept == meta.notes.end() ? 0 : slept->second},
          {"run", meta.ticks.run},
          {"idle", meta.ticks.idle},
          {"filtered", meta.ticks.filtered},
          {"thinned", meta.ticks.thinned},
          {"emitted", meta.ticks.emitted},
          {"stored", sums.stored()},
          {"unaccounted", unaccounted_ticks(meta, sums.stored())},
          {"lost", std::move(lost)}};
}

// Of the cgroups that are selected, where whole ones are, else of the host.
Json accounting_json(const ChargeSums& sums, const std::vector<LabelMatcher>& match) {
  const bool of_cgroups = ChargeSums::selects_cgroups(match);
  const ChargeSums::OfCgroups found =
      of_cgroups ? sums.of(match) : ChargeSums::OfCgroups{.cgroups = 0, .sum = sums.host()};
  const bool is_known = found.sum.charged_ns > 0;
  const ChargeSum sum = is_known ? found.sum : ChargeSum{};
  return {{"of", of_cgroups ? "cgroups" : "host"},
          {"source", of_cgroups ? sums.source() : "/proc/stat"},
          {"sampled_ns", sum.sampled_ns},
          {"kernel_ns", sum.charged_ns},
          {"sigma_ns", static_cast<std::uint64_t>(std::llround(std::sqrt(sum.variance_ns2)))},
          {"samples", sum.samples},
          {"windows", sum.windows},
          {"cgroups", is_known ? found.cgroups : 0}};
}

Json stops_json(const std::map<std::uint16_t, std::uint64_t>& stops) {
  Json out = Json::object();
  for (const auto& [stop, samples] : stops) out[stop_name(stop)] = samples;
  return out;
}

void add_executables(const TrustSums& sums, Json& into) {
  Json shown = Json::array();
  ExecutableTrust rest;
  std::uint64_t more = 0;
  for (const ExecutableTrust& one : sums.executables()) {
    if (shown.size() == kMaxExecutables || one.path.empty()) {
      ++more;
      rest.samples += one.samples;
      rest.whole += one.whole;
      rest.early += one.early;
      continue;
    }
    shown.push_back({{"path", one.path},
                     {"samples", one.samples},
                     {"whole", one.whole},
                     {"early", one.early},
                     {"stops", stops_json(one.stops)}});
  }
  into["executables"] = std::move(shown);
  into["executables_more"] = {{"executables", more},
                              {"samples", rest.samples},
                              {"whole", rest.whole},
                              {"early", rest.early}};
}

// Sentences for what occurs in the answer.
void add_words(const TrustSums& sums, Json& into) {
  Json explain = Json::object();
  Json advice = Json::object();
  for (const auto& [stop, samples] : sums.all().stops) {
    explain[stop_name(stop)] = stop_sentence(stop);
    if (!stop_advice(stop).empty()) advice[stop_name(stop)] = stop_advice(stop);
  }
  Json reasons = Json::object();
  for (const LossWords& words : loss_words()) {
    if (!sums.meta().lost.contains(std::string(words.reason))) continue;
    reasons[std::string(words.reason)] = {{"meaning", words.meaning}, {"help", words.help}};
  }
  into["explain"] = std::move(explain);
  into["advice"] = std::move(advice);
  into["reasons"] = std::move(reasons);
}

Json budgets_json(const AgentFacts& facts) {
  Json out = Json::array();
  for (const BudgetFacts& one : facts.budgets) {
    out.push_back({{"name", one.name},
                   {"unit", one.unit},
                   {"now", one.now},
                   {"limit", one.limit},
                   {"peak", one.peak},
                   {"words", one.words}});
  }
  return out;
}

Json exporters_json(const AgentFacts& facts) {
  Json out = Json::array();
  for (const ExporterFacts& one : facts.exporters) {
    out.push_back({{"name", one.name},
                   {"state", one.state},
                   {"windows", one.windows},
                   {"bytes", one.bytes},
                   {"oldest", to_ms(one.oldest_ns)},
                   {"acknowledged", to_ms(one.acknowledged_ns)},
                   {"retries", one.retries},
                   {"answer", one.answer}});
  }
  return out;
}

Json programs_json(const AgentFacts& facts) {
  Json out = Json::array();
  for (const ProgramFacts& one : facts.programs) {
    out.push_back({{"name", one.name},
                   {"hook", one.hook},
                   {"runs_per_s", one.runs_per_s},
                   {"ns_per_run", one.ns_per_run},
                   {"cpu_percent", one.cpu_percent},
                   {"state", one.state},
                   {"words", one.words}});
  }
  return out;
}

Json agent_json(const AgentFacts& facts) {
  return {{"version", facts.version},
          {"build", facts.build},
          {"kernel", facts.kernel},
          {"started", to_ms(facts.started_ns)},
          {"restarts", facts.restarts},
          {"pid", facts.pid},
          {"capabilities", facts.capabilities},
          {"features", facts.features},
          {"symbols",
           {{"full", facts.symbols.full},
            {"dynamic", facts.symbols.dynamic},
            {"none", facts.symbols.none}}}};
}

}  // namespace

HttpResponse answer_health(const ApiSources& sources, const HttpRequest& request) {
  const std::uint64_t now_ns = sources.now_ns();
  const auto query = parse_selection_query(request.query, static_cast<std::int64_t>(now_ns));
  if (!query) return error_answer(query.error());
  const AgentFacts facts = sources.facts();
  const HistoryRange range =
      history_range(in_whole_windows(query->range, static_cast<std::int64_t>(facts.window_ns)));
  TrustSums sums;
  ChargeSums charges;
  const auto errors = walk_windows(
      sources.history,
      {.range = range, .deadline = std::chrono::steady_clock::now() + sources.patience},
      [&](const ClosedWindow& window) {
        sums.add(window, chosen_targets(window, query->match));
        charges.add(window);
      });
  if (!errors) return error_answer(errors.error());
  Json out = {{"v", 1},
              {"from", to_ms(range.begin_ns)},
              {"to", to_ms(range.end_ns)},
              {"now", to_ms(now_ns)},
              {"host", facts.host},
              {"errors", *errors},
              {"trust", trust_json(sums)},
              {"books", books_json(sums)},
              {"accounting", accounting_json(charges, query->match)}};
  add_executables(sums, out);
  add_words(sums, out);
  out["budgets"] = budgets_json(facts);
  out["exporters"] = exporters_json(facts);
  out["programs"] = programs_json(facts);
  out["agent"] = agent_json(facts);
  return {.body = json_text(out)};
}

}  // namespace sonde
