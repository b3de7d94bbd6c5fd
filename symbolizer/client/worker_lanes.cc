// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/worker_lanes.h"

#include <chrono>

#include "core/base/clock.h"

namespace sonde {

WorkerLanes::WorkerLanes(const SymbolizerClient::Options& options)
    : keep_second_ns_(
          static_cast<std::uint64_t>(std::chrono::nanoseconds(options.keep_second).count())) {
  for (auto& lane : lanes_) lane = std::make_unique<Lane>(options, strikes_);
}

Result<void> WorkerLanes::start() {
  if (auto prepared = lanes_[1]->link.prepare(); !prepared) return prepared;
  return lanes_[0]->link.ensure_worker();
}

WorkerLanes::Lane* WorkerLanes::free_lane() const {
  for (const auto& lane : lanes_) {
    if (!lane->is_taken) return lane.get();
  }
  return nullptr;
}

void WorkerLanes::take(Lane& lane) {
  lane.is_taken = true;
  lane.taker = std::this_thread::get_id();
}

WorkerLanes::Lease WorkerLanes::lease() {
  std::unique_lock lock(mutex_);
  const std::uint64_t ticket = arrived_++;
  given_back_.wait(lock, [&] { return ticket == served_ && free_lane() != nullptr; });
  ++served_;
  Lane& lane = *free_lane();
  take(lane);
  given_back_.notify_all();  // the next one, if the other lane is free too
  return {*this, lane};
}

void WorkerLanes::give_back(Lane& lane) {
  {
    const std::lock_guard lock(mutex_);
    lane.is_taken = false;
    lane.used_ns = monotonic_ns();
    given_back_.notify_all();
  }
  if (&lane == lanes_[0].get()) retire_second();
}

// Its memory is not worth keeping for a call now and then.
void WorkerLanes::retire_second() {
  Lane& second = *lanes_[1];
  {
    const std::lock_guard lock(mutex_);
    const bool is_kept = second.is_taken || second.link.pid() == 0 ||
                         monotonic_ns() < second.used_ns + keep_second_ns_;
    if (is_kept) return;
    take(second);
  }
  const Lease held(*this, second);
  held->retire();
}

void WorkerLanes::retire() {
  for (const auto& lane : lanes_) {
    {
      const std::lock_guard lock(mutex_);
      if (lane->is_taken) continue;
      take(*lane);
    }
    const Lease held(*this, *lane);
    held->retire();
  }
}

void WorkerLanes::interrupt(std::optional<std::thread::id> of) {
  const std::lock_guard lock(mutex_);
  for (const auto& lane : lanes_) {
    if (lane->is_taken && (!of || *of == lane->taker)) lane->link.interrupt();
  }
}

std::vector<int> WorkerLanes::pids() const {
  std::vector<int> out;
  for (const auto& lane : lanes_) {
    if (const int pid = lane->link.pid(); pid > 0) out.push_back(pid);
  }
  return out;
}

SymbolizerCounters WorkerLanes::counters() const {
  SymbolizerCounters sum = lanes_[0]->link.counters();
  sum += lanes_[1]->link.counters();
  return sum;
}

}  // namespace sonde
