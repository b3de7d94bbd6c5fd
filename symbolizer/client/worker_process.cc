// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/worker_process.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

#include "core/base/detached_thread.h"

namespace sonde {
namespace {

constexpr std::chrono::milliseconds kPatience{2000};  // with the end of a worker

std::uint64_t nanoseconds(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_usec) * 1'000U;
}

}  // namespace

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(WorkerStarter& starter) {
  auto started = starter.start();
  if (!started) return started.error();
  return std::unique_ptr<WorkerProcess>(
      new WorkerProcess(started->pid, std::move(started->socket)));
}

WorkerProcess::~WorkerProcess() {
  if (pid_ != 0) kill();
}

std::optional<WorkerProcess::Death> WorkerProcess::take_end() {
  int status = 0;
  rusage usage{};
  pid_t got = 0;
  do {
    got = ::wait4(pid_, &status, WNOHANG, &usage);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return std::nullopt;
  pid_ = 0;
  Death death;
  if (got < 0) {
    death.killed = true;  // somebody else reaped it: no way to know
    death.how = "unknown";
    return death;
  }
  death.cpu_ns = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
  death.peak_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024U;
  if (WIFSIGNALED(status)) {
    death.killed = WTERMSIG(status) == SIGKILL;
    death.out_of_time = WTERMSIG(status) == SIGXCPU;
    death.how = "signal " + std::to_string(WTERMSIG(status));
  } else {
    death.how = "exit code " + std::to_string(WEXITSTATUS(status));
  }
  return death;
}

std::optional<WorkerProcess::Death> WorkerProcess::wait_for_end() {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + kPatience;
  auto pause = std::chrono::microseconds(100);
  while (true) {
    if (auto death = take_end()) return death;
    if (Clock::now() >= until) return std::nullopt;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(10'000));
  }
}

WorkerProcess::Death WorkerProcess::reap() {
  if (auto death = wait_for_end()) return *std::move(death);
  Death death = kill();
  death.killed = false;  // it closed its socket and stayed: its own doing
  death.how = "closed its socket";
  return death;
}

WorkerProcess::Death WorkerProcess::kill() {
  ::kill(pid_, SIGKILL);
  if (auto death = wait_for_end()) return *std::move(death);
  // Without a thread it stays a zombie.
  (void)start_detached("sonde-reap", [pid = std::exchange(pid_, 0)] {
    while (::wait4(pid, nullptr, 0, nullptr) < 0 && errno == EINTR) {
    }
  });
  Death death;
  death.killed = true;
  death.stuck = true;
  death.how = "does not end: a file system does not answer";
  return death;
}

}  // namespace sonde
