// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/limits.h"

#include <linux/close_range.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "core/base/sanitizer.h"

namespace sonde {
namespace {

// A sanitizer's shadow needs terabytes of address space.
constexpr bool kLimitMemory = !SONDE_ADDRESS_SANITIZER && !SONDE_THREAD_SANITIZER;

constexpr rlim_t kMaxDescriptors = 32;
constexpr int kLargeBytes = 128 << 10;
constexpr rlim_t kMaxFileBytes = rlim_t{256} << 20;  // of one answer

pid_t parent_at_start = 0;

// The kernel signals the child when the *thread* that started it ends, which may be long before
// the parent process does. Only the latter counts.
void on_parent_signal(int /*signal*/) {
  if (::getppid() != parent_at_start) ::_exit(0);
}

void set_limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
  const rlimit limit{.rlim_cur = soft, .rlim_max = hard};
  ::setrlimit(resource, &limit);
}

void die_with_parent() {
  parent_at_start = ::getppid();
  struct sigaction action {};
  action.sa_handler = on_parent_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGUSR1, &action, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGUSR1);
}

void close_others(int socket_fd) {
  const auto kept = static_cast<unsigned>(socket_fd);
  if (kept > 3) ::close_range(3, kept - 1, 0);
  ::close_range(kept + 1, ~0U, 0);
}

std::uint64_t nanoseconds(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_usec) * 1'000U;
}

}  // namespace

void limit_process(int socket_fd) {
  close_others(socket_fd);
  die_with_parent();
  // By default the C library raises this each time a large block is freed, and keeps such blocks
  // from then on: the worker would hold the tables of the largest file it ever read.
  ::mallopt(M_MMAP_THRESHOLD, kLargeBytes);
  // Ctrl-C and a service manager's SIGTERM go to the whole group; the parent decides when this
  // process ends, by closing the socket.
  for (const int signal : std::array{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ}) {
    ::signal(signal, SIG_IGN);
  }
  ::prctl(PR_SET_DUMPABLE, 0);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  set_limit(RLIMIT_CORE, 0, 0);
  set_limit(RLIMIT_NOFILE, kMaxDescriptors, kMaxDescriptors);
  set_limit(RLIMIT_FSIZE, kMaxFileBytes, kMaxFileBytes);
}

void limit_request(std::uint64_t memory_bytes, std::uint32_t cpu_seconds) {
  if (kLimitMemory && memory_bytes > 0) set_limit(RLIMIT_AS, memory_bytes, RLIM_INFINITY);
  if (cpu_seconds > 0) {
    const rlim_t used = own_usage().cpu_ns / 1'000'000'000U + 1;
    set_limit(RLIMIT_CPU, used + cpu_seconds, RLIM_INFINITY);
  }
}

WorkerUsage own_usage() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return {nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime),
          static_cast<std::uint64_t>(usage.ru_maxrss) * 1024U};
}

}  // namespace sonde
