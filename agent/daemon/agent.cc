// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/agent.h"

#include <chrono>
#include <utility>

#include "agent/config/load.h"
#include "agent/daemon/agent_signals.h"
#include "agent/daemon/history_metrics.h"
#include "agent/metrics/own_process.h"
#include "agent/web/api.h"
#include "agent/web/static_files.h"
#include "core/base/directory.h"
#include "core/base/log.h"
#include "exporters/text/live_page.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::hours kForEver{24 * 365 * 100};
constexpr milliseconds kLongestSleep{1'000};  // each look costs some 0.2 ms
constexpr milliseconds kWaitForDisk{2'000};   // for the next window, or table of names
constexpr milliseconds kLongestStop{5'000};
constexpr milliseconds kWaitForAnswers{500};
constexpr std::uint64_t kWindowsUntilNames = 6;  // are written: a minute of them
constexpr int kWindowsOfAnAverage = 6;           // of the governor: a minute
constexpr std::uint64_t kHistoryBytes = std::uint64_t{512} << 20;
constexpr std::uint64_t kNamesBytes = std::uint64_t{64} << 20;

}  // namespace

Result<void> Agent::start() {
  if (auto opened = open_history(); !opened) return opened;
  if (auto started = start_session(); !started) return started;
  add_metric_sources();
  listeners_ = std::make_unique<Listeners>(
      monitor_.facts().host, metrics_, [this] { return monitor_.readiness(); },
      [this](Router& router) { add_page(router); });
  return listeners_->apply(config_);
}

Result<void> Agent::open_history() {
  SymbolizerClient::Options worker;
  worker.cache_dir = config_.state_dir + "/rows";
  auto symbolizer = SymbolizerClient::start(worker);
  if (!symbolizer) return symbolizer.error();
  symbolizer_ = std::move(*symbolizer);
  HistoryOptions options;
  options.journal.directory = config_.state_dir + "/history";
  options.journal.max_bytes = kHistoryBytes;
  auto history = History::open(options);
  if (!history && history.error().code == ErrorCode::kFailedPrecondition) {
    return Error{ErrorCode::kFailedPrecondition,
                 "another sonde keeps its history in " + config_.state_dir +
                     "\n  fix: stop it (sonde status tells which it is), or give this one another "
                     "directory with --state-dir"};
  }
  if (!history) return history.error().with_context("history in " + config_.state_dir);
  history_ = std::move(*history);
  const auto window_ns = static_cast<std::uint64_t>(options_.window.count());
  names_ = std::make_unique<NameKeeper>(NameArchive(config_.state_dir + "/names", kNamesBytes),
                                        *symbolizer_, kWindowsUntilNames * window_ns);
  completer_ = std::make_unique<WindowCompleter>(*names_, *symbolizer_);
  live_ = std::make_unique<LiveWindows>(*completer_, wake_);
  profiles_ = std::make_unique<ProfileReader>(*history_, *names_, *symbolizer_);
  writer_ = std::make_unique<WindowWriter>(*history_, *names_, *completer_);
  control_ = std::make_unique<SamplingControl>(
      *symbolizer_, [this] { writer_->drop_caches(); }, kWindowsOfAnAverage * options_.window);
  control_->configure(config_);
  return {};
}

Result<void> Agent::start_session() {
  SessionOptions options;
  options.rate_hz = config_.rate_hz;
  options.window_ns = static_cast<std::uint64_t>(options_.window.count());
  options.symbolizer = symbolizer_.get();
  options.longest_sleep = kLongestSleep;
  options.wake = &wake_;
  options.on_window = [this](EndedWindow&& window) {
    monitor_.window_ended(window.closed.meta, window.total);
    writer_->take(std::move(window));
  };
  auto session = Session::create(std::move(options));
  if (!session) return session.error();
  session_ = std::move(*session);
  if (auto started = session_->start(); !started) return started;
  monitor_.session_started(session_->capabilities(), config_.rate_hz,
                           static_cast<std::uint64_t>(options_.window.count()));
  control_->session_started(*session_);
  return {};
}

void Agent::add_metric_sources() {
  metrics_.add("build", add_build_metrics);
  metrics_.add("process", add_own_process_metrics);
  metrics_.add("sampling", [this](MetricBatch& into) { monitor_.add_metrics(into); });
  metrics_.add("budgets", [this](MetricBatch& into) { control_->add_metrics(into); });
  metrics_.add("history", [this](MetricBatch& into) {
    add_history_metrics(history_->state(), writer_->counts(), names_->counts(), into);
  });
  metrics_.add("symbolizer", [this](MetricBatch& into) {
    add_symbolizer_metrics(symbolizer_->counters(), into);
  });
  metrics_.add("http", [this](MetricBatch& into) { listeners_->add_metrics(into); });
}

void Agent::add_page(Router& router) {
  add_static_files(router, live_page_files(), live_page_policy());
  const auto boost = [this](const ProcessSelector& processes, std::chrono::seconds time) {
    auto begun = control_->boost(processes, time);
    wake_.signal();
    return begun;
  };
  const auto end_boost = [this](std::uint64_t id) {
    const bool ended = control_->end_boost(id);
    wake_.signal();
    return ended;
  };
  add_api(router, {.history = *history_,
                   .profiles = *profiles_,
                   .open_windows = [this] { return open_windows(); },
                   .facts = [this] { return facts(); },
                   .boost = boost,
                   .end_boost = end_boost});
}

// In this order no window is missed: one that ends in between is in both, and is known by its
// begin.
OpenWindows Agent::open_windows() {
  OpenWindows open{.windows = live_->read(), .problem = {}};
  if (!writer_->hand_over(kWaitForDisk)) {
    open.problem = "windows that ended last are not here yet: their names or the disk take long";
  }
  return open;
}

AgentFacts Agent::facts() const {
  AgentFacts facts = monitor_.facts();
  control_->add_facts(facts);
  facts.history_limit_bytes = kHistoryBytes;
  const HistoryState state = history_->state();
  if (!state.problem.empty()) {
    facts.degraded.push_back({.what = "history",
                              .error = state.problem,
                              .fix = "windows stay in memory until the disk takes them"});
  }
  if (state.journal.unsynced_records > 0) {
    facts.degraded.push_back({.what = "history",
                              .error = "the disk failed to sync " +
                                       std::to_string(state.journal.unsynced_records) +
                                       " windows: a power cut may take them",
                              .fix = "look at the disk; they are written again until it does"});
  }
  if (const std::string problem = names_->problem(); !problem.empty()) {
    facts.degraded.push_back({.what = "names",
                              .error = problem,
                              .fix = "names stay in memory until the disk takes them"});
  }
  facts.budgets.push_back({.name = "history",
                           .unit = "bytes",
                           .now = static_cast<double>(state.disk_bytes),
                           .limit = static_cast<double>(kHistoryBytes),
                           .peak = static_cast<double>(state.disk_bytes)});
  return facts;
}

Result<void> Agent::run() {
  const auto tick = [this](const SessionProgress& progress) {
    monitor_.progressed(progress);
    control_->look(*session_, progress);
    live_->serve([this] { return session_->open_windows(); });
  };
  while (!agent_stop_wanted()) {
    bool reload_wanted = false;
    const auto stop = [&] {
      reload_wanted = reload_wanted || take_reload_wanted();
      return reload_wanted || agent_stop_wanted();
    };
    if (auto ran = session_->run(kForEver, stop, tick); !ran) return ran;
    if (!reload_wanted) continue;
    if (auto reloaded = reload(); !reloaded) return reloaded;
  }
  return {};
}

// Valid or the old one stays. An error: nothing samples any more.
Result<void> Agent::reload() {
  LoadedConfig loaded = load_config(config_sources(options_.config));
  for (const std::string& problem : loaded.problems) log_error("not reloaded: " + problem);
  if (!loaded.config) return {};
  if (loaded.config->state_dir != config_.state_dir) {
    log_warn("state_dir changes when sonde is started again; until then it is " +
             config_.state_dir);
    loaded.config->state_dir = config_.state_dir;
  }
  if (auto applied = listeners_->apply(*loaded.config); !applied) {
    log_error("not reloaded: " + applied.error().message);
    return {};
  }
  const Config before = std::exchange(config_, *loaded.config);
  control_->configure(config_);
  if (before.rate_hz != config_.rate_hz) {
    if (auto stopped = session_->stop(); !stopped) log_error(stopped.error().message);
    session_.reset();
    if (auto started = start_session(); !started) {
      log_error("cannot sample at " + std::to_string(config_.rate_hz) + " Hz, " +
                started.error().message);
      config_.rate_hz = before.rate_hz;
      control_->configure(config_);
      if (started = start_session(); !started) return started;
    }
  }
  log_warn("configuration reloaded");  // the level that is shown
  return {};
}

// Questions come last: an answer may take as long as the disk does.
Agent::Stop Agent::stop() {
  if (session_) {
    if (auto stopped = session_->stop(); !stopped) log_error(stopped.error().message);
  }
  const bool hangs = writer_ && !writer_->finish(kWaitForDisk, kLongestStop);
  const bool answers = listeners_ && !listeners_->stop(kWaitForAnswers);
  if (!writer_) return {};
  if (const std::uint64_t names = completer_->names_hurried(); names > 0) {
    log_warn("the last windows are without " + std::to_string(names) +
             " names: the symbolizer took too long");
  }
  return {.hangs = hangs,
          .answers = answers,
          .windows_lost = writer_->waiting(),
          .names_lost = names_->counts().kept_names,
          .why = hangs ? "it does not answer" : history_->state().problem};
}

}  // namespace sonde
