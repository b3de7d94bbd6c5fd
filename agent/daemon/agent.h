// SPDX-License-Identifier: Apache-2.0
// The running agent, put together: session -> writer -> history -> HTTP. The wiring diagram of
// `sonde run`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "agent/cli/options.h"
#include "agent/config/config.h"
#include "agent/daemon/agent_monitor.h"
#include "agent/daemon/listeners.h"
#include "agent/daemon/live_windows.h"
#include "agent/daemon/sampling_control.h"
#include "agent/daemon/window_completer.h"
#include "agent/daemon/window_writer.h"
#include "agent/engine/session.h"
#include "agent/store/history.h"
#include "agent/store/name_keeper.h"
#include "agent/store/profile_reader.h"
#include "agent/web/api.h"
#include "agent/web/metrics_page.h"
#include "agent/web/router.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

// Thread-confined: the thread that runs it samples.
class Agent {
 public:
  // wake  ends the sleep of run(); outlives this.
  Agent(const RunOptions& options, Config config, const WakeEvent& wake)
      : options_(options), config_(std::move(config)), wake_(wake) {}

  // Opens and starts everything. errors: what could not be, with the fix.
  Result<void> start();
  // Samples until it is told to stop (agent_signals.h).
  Result<void> run();
  struct Stop {
    bool hangs = false;              // a thread still waits for the disk, and cannot be ended
    bool answers = false;            // the same of one that answers a question
    std::uint64_t windows_lost = 0;  // that the disk did not take
    std::uint64_t names_lost = 0;    // the same of names
    std::string why;
  };
  // Nothing is lost afterwards that the disk takes in 5 s, as long as something goes there every
  // 2 s.
  Stop stop();

  [[nodiscard]] std::string url() const { return listeners_ ? listeners_->url() : ""; }
  [[nodiscard]] const std::vector<std::string>& limits() const {
    return session_->capabilities().limits;
  }

 private:
  Result<void> open_history();
  Result<void> start_session();
  void add_metric_sources();
  void add_page(Router& router);
  Result<void> reload();
  OpenWindows open_windows();
  [[nodiscard]] AgentFacts facts() const;

  const RunOptions& options_;
  Config config_;
  const WakeEvent& wake_;
  // In the order in which they need each other.
  AgentMonitor monitor_;
  std::unique_ptr<SymbolizerClient> symbolizer_;
  std::unique_ptr<History> history_;
  std::unique_ptr<NameKeeper> names_;
  std::unique_ptr<WindowCompleter> completer_;
  std::unique_ptr<LiveWindows> live_;
  std::unique_ptr<ProfileReader> profiles_;
  std::unique_ptr<WindowWriter> writer_;
  std::unique_ptr<SamplingControl> control_;
  std::unique_ptr<Session> session_;
  MetricsPage metrics_;
  std::unique_ptr<Listeners> listeners_;
};

}  // namespace sonde
