// SPDX-License-Identifier: Apache-2.0
// The threads that answer requests: a fixed number, however many clients there are. Takes requests,
// gives back answers in the order in which they are ready. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "agent/web/http_codec.h"
#include "agent/web/http_message.h"
#include "core/base/fd.h"

namespace sonde {

struct WaitingRequest {
  std::uint64_t id = 0;  // comes back with the answer
  std::string bytes;
  bool from_loopback = false;
};

struct FinishedRequest {
  std::uint64_t id = 0;
  HttpAnswer answer;
};

class WorkerPool {
 public:
  // ready  an eventfd that is written to when an answer is there; outlives the pool.
  WorkerPool(std::size_t threads, const HttpHandler& handler, const UniqueFd& ready);
  // Requests that nobody began are dropped; those that run are waited for.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // The queue has no bound of its own: a connection has one request.
  void add(WaitingRequest request);
  std::vector<FinishedRequest> take_finished();

 private:
  void work(const std::stop_token& stop, const HttpHandler& handler);

  const UniqueFd& ready_;
  std::mutex mutex_;
  std::condition_variable_any added_;
  std::deque<WaitingRequest> waiting_;     // under mutex_
  std::vector<FinishedRequest> finished_;  // likewise
  std::vector<std::jthread> threads_;      // last: they end before what they use
};

}  // namespace sonde
