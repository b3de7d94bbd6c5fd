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
  std::map<Server, std::size_t> of;              // no zeros
  std::map<std::uint32_t, std::size_t> of_user;  // likewise
  std::size_t all = 0;

  [[nodiscard]] bool may_wait(const Server& whose, const Limits& limits) {
    const std::lock_guard lock(mutex);
    const auto same = of.find(whose);
    const auto user = of_user.find(whose.user);
    return all < limits.unanswered &&
           (same == of.end() || same->second < limits.unanswered_of_one) &&
           (user == of_user.end() || user->second < limits.unanswered_of_user);
  }
  void add(const Server& whose) {
    const std::lock_guard lock(mutex);
    ++all;
    ++of[whose];
    ++of_user[whose.user];
  }
  void remove(const Server& whose) {
    const std::lock_guard lock(mutex);
    --all;
    if (--of[whose] == 0) of.erase(whose);
    if (--of_user[whose.user] == 0) of_user.erase(whose.user);
  }
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
  Server whose;
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
    lane->unanswered->remove(lane->whose);
    return;
  }
}

std::shared_ptr<TimedCalls::Lane> TimedCalls::start_lane(
    const std::shared_ptr<Unanswered>& unanswered) {
  auto lane = std::make_shared<Lane>(unanswered);
  return start_detached("sonde-files", [lane] { serve(lane); }) ? lane : nullptr;
}

bool TimedCalls::finishes(const Server& whose, std::function<void()> work) {
  const auto gives_up = [this] {
    ++given_up_;
    return false;
  };
  if (!unanswered_->may_wait(whose, limits_)) return gives_up();
  if (!lane_) lane_ = start_lane(unanswered_);
  if (!lane_) return gives_up();
  std::unique_lock lock(lane_->mutex);
  lane_->work = std::move(work);
  lane_->busy = true;
  lane_->whose = whose;
  lane_->changed.notify_all();
  if (lane_->changed.wait_for(lock, limits_.patience, [this] { return !lane_->busy; })) return true;
  lane_->given_up = true;
  unanswered_->add(whose);
  lock.unlock();
  lane_.reset();
  return gives_up();
}

}  // namespace sonde
