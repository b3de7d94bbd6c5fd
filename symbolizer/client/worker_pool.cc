// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/worker_pool.h"

#include <chrono>

#include "core/base/clock.h"

namespace sonde {

WorkerPool::WorkerPool(const SymbolizerClient::Options& options)
    : keep_second_ns_(
          static_cast<std::uint64_t>(std::chrono::nanoseconds(options.keep_second).count())) {
  for (auto& lane : lanes_) lane = std::make_unique<Lane>(options);
}

Result<void> WorkerPool::start() {
  if (auto prepared = lanes_[1]->link.prepare(); !prepared) return prepared;
  return lanes_[0]->link.ensure_worker();
}

WorkerPool::Lease WorkerPool::lease() {
  std::unique_lock lock(mutex_);
  Lane* free = nullptr;
  given_back_.wait(lock, [&] {
    for (const auto& lane : lanes_) {
      if (free == nullptr && !lane->is_taken) free = lane.get();
    }
    return free != nullptr;
  });
  free->is_taken = true;
  lock.unlock();
  if (free == lanes_[0].get()) retire_second();
  return {*this, *free};
}

void WorkerPool::give_back(Lane& lane) {
  const std::lock_guard lock(mutex_);
  lane.is_taken = false;
  lane.used_ns = monotonic_ns();
  given_back_.notify_one();
}

// Its memory is not worth keeping for a call now and then.
void WorkerPool::retire_second() {
  Lane& second = *lanes_[1];
  {
    const std::lock_guard lock(mutex_);
    const bool is_kept = second.is_taken || second.link.pid() == 0 ||
                         monotonic_ns() < second.used_ns + keep_second_ns_;
    if (is_kept) return;
    second.is_taken = true;
  }
  const Lease held(*this, second);
  held->retire();
}

void WorkerPool::retire() {
  for (const auto& lane : lanes_) {
    {
      const std::lock_guard lock(mutex_);
      if (lane->is_taken) continue;
      lane->is_taken = true;
    }
    const Lease held(*this, *lane);
    held->retire();
  }
}

void WorkerPool::interrupt() {
  for (const auto& lane : lanes_) lane->link.interrupt();
}

std::vector<int> WorkerPool::pids() const {
  std::vector<int> out;
  for (const auto& lane : lanes_) {
    if (const int pid = lane->link.pid(); pid > 0) out.push_back(pid);
  }
  return out;
}

SymbolizerCounters WorkerPool::counters() const {
  SymbolizerCounters sum = lanes_[0]->link.counters();
  sum += lanes_[1]->link.counters();
  return sum;
}

}  // namespace sonde
