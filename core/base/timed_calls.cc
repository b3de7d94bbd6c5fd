// SPDX-License-Identifier: Apache-2.0
#include "core/base/timed_calls.h"

#include <condition_variable>
#include <map>
#include <mutex>

#include "core/base/detached_thread.h"

namespace sonde {

// Shared with the threads that were given up on, which outlive the object.
struct TimedCalls::Unanswered {
  std::mutex mutex;
  std::map<std::uint64_t, std::size_t> of;  // by server; no zeros
  std::size_t all = 0;
};

struct TimedCalls::Lane {
  explicit Lane(std::shared_ptr<Unanswered> counts) : unanswered(std::move(counts)) {}

  const std::shared_ptr<Unanswered> unanswered;
  std::mutex mutex;
  std::condition_variable changed;
  std::function<void()> work;  // empty: none to do, or taken
  bool busy = false;           // from posting to the end of the work
  bool given_up = false;
  bool stopped = false;
  std::uint64_t whose = 0;
};

TimedCalls::TimedCalls(const Limits& limits)
    : limits_(limits), unanswered_(std::make_shared<Unanswered>()) {}

TimedCalls::~TimedCalls() {
  if (!lane_) return;
  const std::lock_guard lock(lane_->mutex);
  lane_->stopped = true;
  lane_->changed.notify_all();
}

// Runs works until it is stopped, or given up on.
void TimedCalls::serve(const std::shared_ptr<Lane>& lane) {
  std::unique_lock lock(lane->mutex);
  while (true) {
    lane->changed.wait(lock, [&] { return lane->stopped || lane->work; });
    if (!lane->work) return;
    std::function<void()> work = std::exchange(lane->work, nullptr);
    lock.unlock();
    work();
    work = nullptr;  // here: closing what it holds may wait as well
    lock.lock();
    lane->busy = false;
    lane->changed.notify_all();
    if (!lane->given_up) continue;
    const std::lock_guard counting(lane->unanswered->mutex);
    --lane->unanswered->all;
    const auto mine = lane->unanswered->of.find(lane->whose);
    if (--mine->second == 0) lane->unanswered->of.erase(mine);
    return;
  }
}

std::shared_ptr<TimedCalls::Lane> TimedCalls::start_lane(
    const std::shared_ptr<Unanswered>& unanswered) {
  auto lane = std::make_shared<Lane>(unanswered);
  return start_detached("sonde-files", [lane] { serve(lane); }) ? lane : nullptr;
}

bool TimedCalls::finishes(std::uint64_t whose, std::function<void()> work) {
  const auto gives_up = [this] {
    ++given_up_;
    return false;
  };
  {
    const std::lock_guard lock(unanswered_->mutex);
    const auto same = unanswered_->of.find(whose);
    if (unanswered_->all >= limits_.unanswered) return gives_up();
    if (same != unanswered_->of.end() && same->second >= limits_.unanswered_of_one) {
      return gives_up();
    }
  }
  if (!lane_) lane_ = start_lane(unanswered_);
  if (!lane_) return gives_up();
  std::unique_lock lock(lane_->mutex);
  lane_->work = std::move(work);
  lane_->busy = true;
  lane_->whose = whose;
  lane_->changed.notify_all();
  if (lane_->changed.wait_for(lock, limits_.patience, [this] { return !lane_->busy; })) return true;
  lane_->given_up = true;
  {
    const std::lock_guard counting(unanswered_->mutex);
    ++unanswered_->all;
    ++unanswered_->of[whose];
  }
  lock.unlock();
  lane_.reset();
  return gives_up();
}

}  // namespace sonde
