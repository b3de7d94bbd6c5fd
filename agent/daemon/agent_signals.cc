// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/agent_signals.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "agent/cli/exit_code.h"

namespace sonde {
namespace {

// Lock-free atomics are safe in signal handlers.
std::atomic<bool> g_stop{false};
std::atomic<bool> g_reload{false};

void on_signal(int signal) {
  if (signal == SIGHUP) {
    g_reload.store(true);
  } else if (g_stop.exchange(true)) {
    ::_exit(kExitInterrupted);
  }
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

void take_agent_signals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) handle(signal, on_signal);
  handle(SIGPIPE, [](int) {});
}

bool agent_stop_wanted() { return g_stop.load(); }

bool take_reload_wanted() { return g_reload.exchange(false); }

}  // namespace sonde
