// SPDX-License-Identifier: Apache-2.0
#include "agent/web/http_server.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <thread>

#include "agent/web/listener.h"
#include "agent/web/worker_pool.h"
#include "core/base/signals_blocked.h"

namespace sonde {
namespace {

using Clock = Connection::Clock;
using State = Connection::State;

constexpr std::uint64_t kListenerId = 0;  // what epoll calls the listener
constexpr std::uint64_t kWakeId = 1;      // and the eventfd; connections are numbered from 2
constexpr int kMaxEvents = 64;
constexpr std::chrono::milliseconds kAcceptPause{100};  // while accept(2) fails

// A descriptor that can be given up when no other is left.
UniqueFd open_spare() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

std::uint32_t interest_of(State state) {
  switch (state) {
    case State::kReading:
    case State::kLingering:
      return EPOLLIN;
    case State::kWriting:
      return EPOLLOUT;
    default:
      return 0;  // a hang-up is reported anyway
  }
}

}  // namespace

class HttpServer::Loop {
 public:
  static Result<std::unique_ptr<Loop>> create(UniqueFd listener, const HttpHandler& handler,
                                              const HttpServerOptions& options) {
    auto out = std::unique_ptr<Loop>(new Loop(std::move(listener), options));
    out->epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
    out->wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    out->spare_ = open_spare();
    if (!out->epoll_ || !out->wake_ || !out->spare_ ||
        !out->watch(EPOLL_CTL_ADD, out->listener_.get(), EPOLLIN, kListenerId) ||
        !out->watch(EPOLL_CTL_ADD, out->wake_.get(), EPOLLIN, kWakeId)) {
      return Error::from_errno(errno, "epoll");
    }
    const SignalsBlocked blocked;
    out->workers_ = std::make_unique<WorkerPool>(options.workers, handler, out->wake_);
    out->thread_ = std::thread([loop = out.get()] { loop->run(); });
    ::pthread_setname_np(out->thread_.native_handle(), "sonde-web");
    return out;
  }

  ~Loop() {
    begin_end();
    if (thread_.joinable()) thread_.join();
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void stop_listening() {
    begin_end();
    listens_.wait(true);
  }

  [[nodiscard]] HttpServerCounts counts() const {
    HttpServerCounts out;
    out.accepted = accepted_;
    out.connections = open_;
    std::copy(answers_.begin(), answers_.end(), out.answers.begin());
    std::copy(refused_.begin(), refused_.end(), out.refused.begin());
    out.sent_bytes = sent_bytes_;
    return out;
  }

 private:
  struct Client {
    Connection connection;
    State watched;  // what epoll was told last
    bool from_loopback;
    bool asked = false;      // the request is with the workers
    std::uint64_t sent = 0;  // of its bytes, counted so far
  };
  using Clients = std::map<std::uint64_t, Client>;

  Loop(UniqueFd listener, const HttpServerOptions& options)
      : options_(options), listener_(std::move(listener)) {}

  bool watch(int operation, int fd, std::uint32_t interest, std::uint64_t id) {
    epoll_event event{};
    event.events = interest;
    event.data.u64 = id;
    return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
  }

  void run() {
    std::array<epoll_event, kMaxEvents> events{};
    while (!is_over()) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), kMaxEvents, timeout_ms());
      for (int i = 0; i < count; ++i) take_event(events[static_cast<std::size_t>(i)]);
      take_answers();
      expire();
      resume_accepting();
      if (stopping_ && listener_) begin_to_stop();
    }
    clients_.clear();
    open_ = 0;
  }

  void begin_end() {
    stopping_ = true;
    ::eventfd_write(wake_.get(), 1);
  }

  void begin_to_stop() {
    listener_.reset();
    listens_ = false;
    listens_.notify_all();
    accept_at_ = Clock::time_point::max();
    stop_at_ = Clock::now() + options_.stop;
    for (auto client = clients_.begin(); client != clients_.end();) {
      const auto next = std::next(client);
      if (client->second.connection.state() == State::kReading) drop(client);
      client = next;
    }
  }

  [[nodiscard]] bool is_over() const {
    return !listener_ && (clients_.empty() || Clock::now() >= stop_at_);
  }

  [[nodiscard]] int timeout_ms() const {
    Clock::time_point first = listener_ ? accept_at_ : stop_at_;
    for (const auto& [id, client] : clients_) {
      first = std::min(first, client.connection.deadline());
    }
    if (first == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - Clock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  }

  void take_event(const epoll_event& event) {
    const std::uint64_t id = event.data.u64;  // a copy: the structure is packed
    if (id == kListenerId) return accept_all();
    if (id == kWakeId) {
      eventfd_t value = 0;
      ::eventfd_read(wake_.get(), &value);
      return;
    }
    const auto client = clients_.find(id);
    if (client == clients_.end()) return;
    const bool idle = interest_of(client->second.watched) == 0;
    if (idle && (event.events & (EPOLLHUP | EPOLLERR)) != 0) client->second.connection.hang_up();
    client->second.connection.progress(Clock::now());
    settle(client);
  }

  void accept_all() {
    if (!spare_) spare_ = open_spare();
    while (listener_) {
      AcceptedClient client = accept_client(listener_);
      if (client.fd) {
        ++accepted_;
        add(std::move(client));
      } else if (!goes_on_after(errno)) {
        return;
      }
    }
  }

  // What accept(2) failed with; true if it may be tried again at once.
  bool goes_on_after(int error) {
    if (error == EMFILE || error == ENFILE) error = send_away();
    if (error == 0 || error == EINTR || error == ECONNABORTED) return true;
    if (error != EAGAIN) pause_accepting();
    return false;
  }

  // No descriptor is left: the spare one makes room to take a client off the queue, which would
  // else wake this loop without end. The error of accept(2), 0 if there was a client.
  int send_away() {
    spare_.reset();
    AcceptedClient client = accept_client(listener_);
    const int error = client.fd ? 0 : errno;
    client.fd.reset();
    spare_ = open_spare();
    if (error == 0) count(HttpRefusal::kConnectionLimit);
    return error;
  }

  // Clients wait in the kernel's queue meanwhile.
  void pause_accepting() {
    watch(EPOLL_CTL_MOD, listener_.get(), 0, kListenerId);
    accept_at_ = Clock::now() + kAcceptPause;
  }

  void resume_accepting() {
    if (accept_at_ > Clock::now()) return;
    accept_at_ = Clock::time_point::max();
    watch(EPOLL_CTL_MOD, listener_.get(), EPOLLIN, kListenerId);
  }

  void add(AcceptedClient accepted) {
    if (clients_.size() >= options_.connections && !make_room()) return;
    const std::uint64_t id = next_id_++;
    const int fd = accepted.fd.get();
    const auto [client, added] = clients_.try_emplace(
        id,
        Client{Connection(std::move(accepted.fd), options_.framing, options_.times, Clock::now()),
               State::kReading, accepted.from_loopback});
    if (!watch(EPOLL_CTL_ADD, fd, interest_of(State::kReading), id)) {
      clients_.erase(client);
      count(HttpRefusal::kConnectionLimit);
      return;
    }
    open_ = clients_.size();
  }

  // Ends the client that has kept this server waiting for longest, for a request or for the taking
  // of an answer; false if it waits for none.
  bool make_room() {
    count(HttpRefusal::kConnectionLimit);
    auto oldest = clients_.end();
    for (auto client = clients_.begin(); client != clients_.end(); ++client) {
      const Connection& connection = client->second.connection;
      if (connection.state() == State::kAnswering) continue;
      if (oldest == clients_.end() || connection.since() < oldest->second.connection.since()) {
        oldest = client;
      }
    }
    if (oldest == clients_.end()) return false;
    drop(oldest);
    return true;
  }

  void take_answers() {
    for (FinishedRequest& finished : workers_->take_finished()) {
      const auto client = clients_.find(finished.id);
      HttpAnswer& answer = finished.answer;
      if (client != clients_.end() && !has_room(answer.bytes.size())) {
        refuse_busy(client->second.connection);
        settle(client);
        continue;
      }
      count_answer(answer.status);
      if (answer.refusal) count(*answer.refusal);
      if (client == clients_.end()) continue;  // gone in the meantime
      client->second.asked = false;
      client->second.connection.answer(std::move(answer.bytes), answer.keep_alive && !stopping_,
                                       Clock::now());
      settle(client);
    }
  }

  void expire() {
    const Clock::time_point now = Clock::now();
    for (auto client = clients_.begin(); client != clients_.end();) {
      const auto next = std::next(client);
      if (client->second.connection.deadline() <= now) {
        client->second.connection.expire(now);
        settle(client);
      }
      client = next;
    }
  }

  // After every step of a connection: hands its request on, ends it, or waits for its socket.
  void settle(Clients::iterator client) {
    Connection& connection = client->second.connection;
    if (connection.state() == State::kAnswering && !client->second.asked) {
      client->second.asked = true;
      if (has_room(0)) {
        workers_->add(
            {client->first, std::string(connection.request()), client->second.from_loopback});
      } else {
        refuse_busy(connection);
      }
    }
    if (const auto refusal = connection.take_refusal()) count(*refusal);
    sent_bytes_ += connection.sent_bytes() - client->second.sent;
    client->second.sent = connection.sent_bytes();
    const State state = connection.state();
    if (state == State::kDone) return drop(client);
    if (interest_of(state) != interest_of(client->second.watched)) {
      watch(EPOLL_CTL_MOD, connection.fd(), interest_of(state), client->first);
    }
    client->second.watched = state;
  }

  // Asked before a request is worked on, and again when its size is known: others may have been
  // answered meanwhile. One answer alone may have any size.
  [[nodiscard]] bool has_room(std::size_t bytes) const {
    std::size_t waiting = 0;
    for (const auto& [id, client] : clients_) waiting += client.connection.waiting_bytes();
    return waiting == 0 || waiting + bytes <= options_.waiting_bytes;
  }

  static void refuse_busy(Connection& connection) {
    connection.refuse(503, HttpRefusal::kBusy, "too many answers wait for slow readers",
                      Clock::now());
    connection.progress(Clock::now());
  }

  void drop(Clients::iterator client) {
    clients_.erase(client);
    open_ = clients_.size();
  }

  void count(HttpRefusal refusal) { ++refused_[static_cast<std::size_t>(refusal)]; }
  void count_answer(int status) {
    ++answers_[static_cast<std::size_t>(std::clamp(status / 100, 0, 5))];
  }

  const HttpServerOptions options_;
  UniqueFd listener_;
  UniqueFd epoll_;
  UniqueFd wake_;
  UniqueFd spare_;
  Clients clients_;  // the loop's own, like all that has no note
  std::uint64_t next_id_ = kWakeId + 1;
  Clock::time_point accept_at_ = Clock::time_point::max();  // when a pause ends
  Clock::time_point stop_at_;
  std::atomic<bool> stopping_ = false;  // set from outside
  std::atomic<bool> listens_ = true;
  std::atomic<std::uint64_t> accepted_ = 0;
  std::atomic<std::uint64_t> open_ = 0;
  std::atomic<std::uint64_t> sent_bytes_ = 0;
  std::array<std::atomic<std::uint64_t>, 6> answers_ = {};
  std::array<std::atomic<std::uint64_t>, kHttpRefusalLabels.size()> refused_ = {};
  std::unique_ptr<WorkerPool> workers_;
  std::thread thread_;
};

HttpServer::HttpServer(ListenAddress address, std::unique_ptr<Loop> loop)
    : address_(std::move(address)), loop_(std::move(loop)) {}

HttpServer::~HttpServer() = default;

void HttpServer::stop_listening() { loop_->stop_listening(); }

Result<std::unique_ptr<HttpServer>> HttpServer::start(const ListenAddress& address,
                                                      const HttpHandler& handler,
                                                      const HttpServerOptions& options) {
  auto listener = open_listener(address);
  if (!listener) return listener.error();
  auto bound = address_of(*listener);
  if (!bound) return bound.error();
  auto loop = Loop::create(*std::move(listener), handler, options);
  if (!loop) return loop.error().with_context(address.text());
  return std::unique_ptr<HttpServer>(new HttpServer(*std::move(bound), *std::move(loop)));
}

HttpServerCounts HttpServer::counts() const { return loop_->counts(); }

}  // namespace sonde
