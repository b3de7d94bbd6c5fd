// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/worker_starter.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <span>

#include "core/base/detached_thread.h"
#include "symbolizer/wire/messages.h"

namespace sonde {
namespace {

constexpr int kChildSocket = 3;  // kWorkerSocketFd
constexpr int kAnswerBytes = 2 << 20;

// What the thread says when it is ready, and to each request, which is a byte and a socket.
struct Reply {
  pid_t pid = 0;
  int error = 0;  // an errno
};

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

Reply spawn(const std::string& executable, std::vector<std::string> arguments, int socket) {
  SpawnPlan plan;
  plan.fill(socket);
  std::string name = "sonde";
  std::vector<char*> argv{name.data()};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  Reply reply;
  reply.error = ::posix_spawn(&reply.pid, executable.c_str(), plan.actions(), plan.attributes(),
                              argv.data(), environ);
  return reply;
}

// Leaves the calling thread with descriptors of its own: 0, 1, 2 and `control`.
int part_with_descriptors(int control) {
  const auto kept = static_cast<unsigned>(control);
  if (::close_range(kept + 1, ~0U, CLOSE_RANGE_UNSHARE) != 0) return errno;  // copies none of them
  if (kept > 3) ::close_range(3, kept - 1, 0);
  return 0;
}

void serve(int control, const std::string& executable, const std::vector<std::string>& arguments) {
  Reply reply{.error = part_with_descriptors(control)};
  const bool parted = reply.error == 0;
  const auto says = std::as_bytes(std::span(&reply, 1));
  while (send_message(control, says, {}, {}, 0) && parted) {
    std::byte request{};
    auto sockets = receive_header(control, {&request, 1}, 1, 0);
    if (!sockets || sockets->size() != 1) return;  // nobody needs this thread any more
    reply = spawn(executable, arguments, sockets->front().get());
  }
}

Result<Reply> receive_reply(int control) {
  Reply reply;
  auto got = receive_bytes(control, std::as_writable_bytes(std::span(&reply, 1)), 0);
  if (!got) return got.error();
  return reply;
}

Result<std::pair<UniqueFd, UniqueFd>> socket_pair() {
  std::array<int, 2> pair{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return Error::from_errno(errno, "socketpair");
  }
  return std::pair(UniqueFd(pair[0]), UniqueFd(pair[1]));
}

}  // namespace

Result<std::unique_ptr<WorkerStarter>> WorkerStarter::create(
    const std::string& executable, const std::vector<std::string>& arguments) {
  auto pair = socket_pair();
  if (!pair) return pair.error();
  auto& [theirs, ours] = *pair;
  const bool started = start_detached(
      "sonde-starter",
      [control = theirs.get(), executable, arguments] { serve(control, executable, arguments); });
  if (!started) return Error{ErrorCode::kUnavailable, "no thread to start workers from"};
  const auto ready = receive_reply(ours.get());  // from then on the thread has its own copy
  if (!ready) return ready.error();
  if (ready->error != 0) return Error::from_errno(ready->error, "close_range");
  return std::unique_ptr<WorkerStarter>(new WorkerStarter(executable, std::move(ours)));
}

Result<WorkerStarter::Started> WorkerStarter::start() {
  auto pair = socket_pair();
  if (!pair) return pair.error();
  auto& [theirs, ours] = *pair;
  // Room for a whole answer with thousands of names, so that the two sides need not take turns.
  ::setsockopt(theirs.get(), SOL_SOCKET, SO_SNDBUFFORCE, &kAnswerBytes, sizeof(kAnswerBytes));
  const std::byte request{};
  const std::array fds{theirs.get()};
  if (auto sent = send_message(control_.get(), {&request, 1}, fds, {}, 0); !sent) {
    return sent.error();
  }
  const auto reply = receive_reply(control_.get());
  if (!reply) return reply.error();
  if (reply->error != 0) return Error::from_errno(reply->error, "start " + executable_);
  return Started{.pid = reply->pid, .socket = std::move(ours)};
}

}  // namespace sonde
