// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/agent_signals.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "agent/cli/exit_code.h"
#include "core/base/clock.h"

namespace sonde {
namespace {

// Lock-free atomics are safe in signal handlers.
std::atomic<std::uint64_t> g_stop_ns{0};  // monotonic; 0: not asked for
std::atomic<bool> g_reload{false};
std::atomic<const WakeEvent*> g_wake{nullptr};

constexpr std::uint64_t kImpatienceNs = 500'000'000;

void note(int signal) {
  if (signal == SIGHUP) return g_reload.store(true);
  const std::uint64_t now = monotonic_ns();  // clock_gettime(2) is safe here, errno stays
  std::uint64_t first = 0;
  if (g_stop_ns.compare_exchange_strong(first, now)) return;
  if (now > first + kImpatienceNs) ::_exit(kExitInterrupted);
}

void on_signal(int signal) {
  const int before = errno;
  note(signal);
  g_wake.load()->signal();
  errno = before;
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

void take_agent_signals(const WakeEvent& wake) {
  g_wake = &wake;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) handle(signal, on_signal);
  handle(SIGPIPE, [](int) {});
}

bool agent_stop_wanted() { return g_stop_ns.load() != 0; }

bool take_reload_wanted() { return g_reload.exchange(false); }

}  // namespace sonde
