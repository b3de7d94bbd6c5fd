// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/worker_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <thread>

namespace sonde {
namespace {

constexpr int kChildSocket = 3;  // kWorkerSocketFd
constexpr int kAnswerBytes = 2 << 20;

// What posix_spawn(3) does in the child, in order.
class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  void fill(int socket) {
    ::posix_spawn_file_actions_adddup2(&actions_, socket, kChildSocket);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, kChildSocket + 1);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::uint64_t nanoseconds(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_usec) * 1'000U;
}

}  // namespace

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(
    const std::string& executable, const std::vector<std::string>& arguments) {
  std::array<int, 2> pair{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return Error::from_errno(errno, "socketpair");
  }
  UniqueFd ours(pair[0]);
  UniqueFd theirs(pair[1]);
  // Room for a whole answer with thousands of names, so that the two sides need not take turns.
  ::setsockopt(theirs.get(), SOL_SOCKET, SO_SNDBUFFORCE, &kAnswerBytes, sizeof(kAnswerBytes));
  SpawnPlan plan;
  plan.fill(theirs.get());
  std::string name = "sonde";
  std::vector<std::string> copies = arguments;
  std::vector<char*> argv{name.data()};
  for (std::string& argument : copies) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, executable.c_str(), plan.actions(), plan.attributes(),
                                   argv.data(), environ);
  if (failed != 0) return Error::from_errno(failed, "start " + executable);
  return std::unique_ptr<WorkerProcess>(new WorkerProcess(pid, std::move(ours)));
}

WorkerProcess::~WorkerProcess() {
  if (pid_ != 0) kill();
}

WorkerProcess::Death WorkerProcess::wait(int options, bool& done) const {
  Death death;
  int status = 0;
  rusage usage{};
  pid_t got = 0;
  do {
    got = ::wait4(pid_, &status, options, &usage);
  } while (got < 0 && errno == EINTR);
  done = got != 0;
  if (got == 0) return death;
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

WorkerProcess::Death WorkerProcess::reap(std::chrono::milliseconds patience) {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + patience;
  auto pause = std::chrono::microseconds(100);
  while (true) {
    bool done = false;
    Death death = wait(WNOHANG, done);
    if (done) {
      pid_ = 0;
      return death;
    }
    if (Clock::now() >= until) {
      death = kill();
      death.killed = false;  // it closed its socket and stayed: its own doing
      death.how = "closed its socket";
      return death;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(10'000));
  }
}

WorkerProcess::Death WorkerProcess::kill() {
  ::kill(pid_, SIGKILL);
  bool done = false;
  Death death = wait(0, done);
  pid_ = 0;
  return death;
}

}  // namespace sonde
