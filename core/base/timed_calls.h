// SPDX-License-Identifier: Apache-2.0
// System calls that may never return, with a limit to the wait: a file system in user space or on
// the network answers an open, a stat or a read when its server does, and the user who owns the
// server may have stopped it on purpose.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace sonde {

// Calls run one at a time on a thread of its own. One that takes too long keeps that thread, which
// ends when the answer comes, if ever; the next call gets a new one. Thread-confined.
class TimedCalls {
 public:
  struct Limits {
    std::chrono::milliseconds patience{250};
    std::size_t unanswered_of_one = 2;    // calls that still wait: to one server
    std::size_t unanswered_of_user = 16;  // to all servers that one user can stop
    std::size_t unanswered = 128;         // to all; each is a thread
  };
  // Whom a call may wait for.
  struct Server {
    std::uint64_t id = 0;    // a device, a mount namespace
    std::uint32_t user = 0;  // who can stop it: whoever runs the process that the call is about
    auto operator<=>(const Server&) const = default;
  };

  TimedCalls() : TimedCalls(Limits{}) {}
  explicit TimedCalls(const Limits& limits);
  ~TimedCalls();
  TimedCalls(const TimedCalls&) = delete;
  TimedCalls& operator=(const TimedCalls&) = delete;

  // What `work` returns, if it does in time. It may run on after the call, so it owns what it
  // uses; its late result is destroyed. None at once, and `work` not run, if too many calls are
  // still unanswered: to the same server, to those of its user, or in all.
  // Cost: two switches between threads, some 10 us.
  template <typename T>
  std::optional<T> run(const Server& whose, std::function<T()> work) {
    const auto result = std::make_shared<std::optional<T>>();
    if (!finishes(whose, [result, work = std::move(work)] { result->emplace(work()); })) {
      return std::nullopt;
    }
    return std::move(*result);
  }

  // Calls of which run() returned nothing.
  [[nodiscard]] std::uint64_t given_up() const { return given_up_; }

 private:
  struct Unanswered;
  struct Lane;
  static std::shared_ptr<Lane> start_lane(const std::shared_ptr<Unanswered>& unanswered);
  static void serve(const std::shared_ptr<Lane>& lane);
  bool finishes(const Server& whose, std::function<void()> work);

  const Limits limits_;
  std::shared_ptr<Unanswered> unanswered_;
  std::shared_ptr<Lane> lane_;  // null: started by the next call
  std::uint64_t given_up_ = 0;
};

}  // namespace sonde
