// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/stop_signals.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <string_view>

#include "agent/cli/exit_code.h"
#include "core/base/clock.h"

namespace sonde {
namespace {

// Lock-free atomics are safe in signal handlers.
std::atomic<int> g_requests{0};
std::atomic<std::uint64_t> g_first_ns{0};  // monotonic, of the first of them
std::atomic<std::uint64_t> g_impatience_ns{0};
std::atomic<pid_t> g_child{0};
std::atomic<bool> g_stop{false};
std::array<char, PATH_MAX> g_remove{};

[[noreturn]] void quit() {
  constexpr std::string_view kText = "\nsonde: quit; nothing was written\n";
  if (g_remove[0] != '\0') ::unlink(g_remove.data());
  if (::write(2, kText.data(), kText.size()) < 0) ::_exit(kExitInterrupted);
  ::_exit(kExitInterrupted);
}

void on_signal(int signal, siginfo_t* info, void* /*context*/) {
  const int saved_errno = errno;
  const pid_t child = g_child.load();
  if (child > 0) {
    if (info->si_code != SI_KERNEL) ::kill(child, signal);
    if (signal == SIGINT) {
      const int requests = ++g_requests;
      if (requests == 2) g_first_ns.store(monotonic_ns());
      if (requests >= 2) g_stop.store(true);
      if (requests >= 3) quit();
    }
  } else if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP) {
    const std::uint64_t now = monotonic_ns();  // clock_gettime(2) is safe here
    if (g_requests.fetch_add(1) == 0) {
      g_first_ns.store(now);
      g_stop.store(true);
    } else if (signal == SIGINT && now >= g_first_ns.load() + g_impatience_ns.load()) {
      quit();
    }
  } else if (signal == SIGQUIT) {
    quit();
  }
  errno = saved_errno;
}

void handle(int signal) {
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigfillset(&action.sa_mask);
  struct sigaction before {};
  // nohup and background jobs start us with signals ignored on purpose.
  if (::sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) return;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

void take_over_signals(bool has_command, std::chrono::milliseconds impatience) {
  g_impatience_ns.store(static_cast<std::uint64_t>(std::chrono::nanoseconds(impatience).count()));
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) handle(signal);
  if (has_command) {
    for (const int signal : {SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH}) handle(signal);
  }
  // A handler, not SIG_IGN, which a command would inherit.
  struct sigaction nothing {};
  nothing.sa_handler = [](int) {};
  nothing.sa_flags = SA_RESTART;
  ::sigaction(SIGPIPE, &nothing, nullptr);
}

void pass_signals_to(pid_t child) {
  g_child.store(child);
  if (child == 0) g_requests.store(g_stop.load() ? 1 : 0);
}

void remove_when_quitting(const std::string& path) {
  g_remove[0] = '\0';
  if (path.empty() || path.size() + 1 > g_remove.size()) return;
  // The first byte goes last: a handler in between sees no path or all of it.
  std::copy(path.begin() + 1, path.end(), g_remove.begin() + 1);
  g_remove[path.size()] = '\0';
  g_remove[0] = path[0];
}

bool stop_requested() { return g_stop.load(); }

}  // namespace sonde
