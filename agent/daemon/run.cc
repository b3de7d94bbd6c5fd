// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/run.h"

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "agent/cli/exit_code.h"
#include "agent/cli/terminal.h"
#include "agent/cli/text.h"
#include "agent/config/load.h"
#include "agent/daemon/agent.h"
#include "agent/daemon/agent_signals.h"
#include "core/base/log.h"
#include "core/base/version.h"

namespace sonde {
namespace {

void tell(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  std::fflush(stderr);
}

int refuse(const LoadedConfig& loaded) {
  std::string all;
  for (const std::string& problem : loaded.problems) all += (all.empty() ? "" : "\n") + problem;
  return fail(kExitError, all);
}

void announce(const Agent& agent, const Config& config, const Pen& pen) {
  for (const std::string& limit : agent.limits()) tell("! " + pen.name(limit));
  tell("sonde " SONDE_VERSION " samples every process of this host at " +
       std::to_string(config.rate_hz) + " Hz");
  tell("  page      " + agent.url());
  tell("  history   " + pen.name(config.state_dir));
}

void tell_lost(const std::string& what, std::uint64_t count, const std::string& why) {
  if (count == 0) return;
  log_error(what + " that are lost, because the disk does not take them: " + std::to_string(count) +
            (why.empty() ? "" : " (" + why + ")"));
}

}  // namespace

int run_agent(const RunOptions& options) {
  const Pen pen(detect_terminal(2, options.colour));
  const LoadedConfig loaded = load_config(config_sources(options.config));
  if (!loaded.config) return refuse(loaded);
  for (const std::string& note : loaded.notes) tell("! " + pen.name(note));
  const WakeEvent wake;
  take_agent_signals(wake);
  Agent agent(options, *loaded.config, wake);
  if (auto started = agent.start(); !started) {
    return fail(exit_code_of(started.error()), "cannot run: " + started.error().message);
  }
  announce(agent, *loaded.config, pen);
  const auto ran = agent.run();
  if (!ran) log_error("sampling broke off: " + ran.error().message);
  const Agent::Stop stopped = agent.stop();
  tell_lost("windows", stopped.windows_lost, stopped.why);
  tell_lost("names", stopped.names_lost, stopped.why);
  const bool is_whole = ran && !stopped.hangs && stopped.windows_lost == 0;
  const int code = is_whole ? kExitOk : kExitError;
  if (stopped.hangs || stopped.answers) ::_exit(code);  // who waits for the disk cannot be ended
  return code;
}

}  // namespace sonde
