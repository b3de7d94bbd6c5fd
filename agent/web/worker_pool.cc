// SPDX-License-Identifier: Apache-2.0
#include "agent/web/worker_pool.h"

#include <pthread.h>
#include <sys/eventfd.h>

#include <utility>

namespace sonde {

WorkerPool::WorkerPool(std::size_t threads, const HttpHandler& handler, const UniqueFd& ready)
    : ready_(ready) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this, handler](const std::stop_token& stop) { work(stop, handler); });
    ::pthread_setname_np(threads_.back().native_handle(), "sonde-web");
  }
}

WorkerPool::~WorkerPool() {
  // All of them first: while one is waited for, another would begin what waits.
  for (std::jthread& thread : threads_) thread.request_stop();
}

void WorkerPool::add(WaitingRequest request) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(request));
  }
  added_.notify_one();
}

std::vector<FinishedRequest> WorkerPool::take_finished() {
  const std::lock_guard lock(mutex_);
  return std::exchange(finished_, {});
}

void WorkerPool::work(const std::stop_token& stop, const HttpHandler& handler) {
  HttpCodec codec(handler);
  while (true) {
    WaitingRequest request;
    {
      std::unique_lock lock(mutex_);
      if (!added_.wait(lock, stop, [this] { return !waiting_.empty(); })) return;
      if (stop.stop_requested()) return;
      request = std::move(waiting_.front());
      waiting_.pop_front();
    }
    FinishedRequest done{request.id, codec.answer(request.bytes, request.from_loopback)};
    {
      const std::lock_guard lock(mutex_);
      finished_.push_back(std::move(done));
    }
    ::eventfd_write(ready_.get(), 1);
  }
}

}  // namespace sonde
