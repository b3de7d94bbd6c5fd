// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/live_windows.h"

#include <utility>

#include "core/base/clock.h"

namespace sonde {

// Nothing is made or kept for readers that left. Made and ended with the lock.
struct LiveWindows::Reader {
  explicit Reader(LiveWindows& of) : live(of) { ++live.readers_; }
  ~Reader() {
    if (--live.readers_ > 0) return;
    live.wanted_ = false;
    live.copy_.reset();
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  LiveWindows& live;
};

std::vector<ClosedWindow> LiveWindows::read() {
  const auto latest = std::chrono::steady_clock::now() + patience_;
  const std::uint64_t asked_ns = monotonic_ns();
  const auto is_fresh = [&](std::uint64_t made_ns) {
    return made_ns != 0 && made_ns + kFreshNs >= asked_ns;
  };
  std::unique_lock lock(mutex_);
  const Reader reader(*this);
  bool in_time = true;
  while (in_time && !is_fresh(latest_ns_)) {
    const bool has_copy = copy_ && is_fresh(copy_->made_ns);
    if (has_copy && completing_ns_ == 0) {
      complete(lock);
      continue;
    }
    if (!has_copy && !is_fresh(completing_ns_)) {
      wanted_ = true;
      wake_.signal();
    }
    in_time = changed_.wait_until(lock, latest) == std::cv_status::no_timeout;
  }
  return is_fresh(latest_ns_) ? latest_ : std::vector<ClosedWindow>();
}

// Takes the copy; the lock is open meanwhile.
void LiveWindows::complete(std::unique_lock<std::mutex>& lock) {
  Copy copy = std::move(*copy_);
  copy_.reset();
  completing_ns_ = copy.made_ns;
  struct Completing {
    LiveWindows& live;
    std::unique_lock<std::mutex>& lock;
    ~Completing() {
      if (!lock) lock.lock();
      live.completing_ns_ = 0;
      live.changed_.notify_all();
    }
  } const completing{*this, lock};
  lock.unlock();
  std::vector<ClosedWindow> windows;
  for (EndedWindow& one : copy.windows) windows.push_back(completer_.complete(std::move(one)));
  lock.lock();
  latest_ = std::move(windows);
  latest_ns_ = copy.made_ns;
}

void LiveWindows::serve(const std::function<std::vector<EndedWindow>()>& copy) {
  {
    const std::lock_guard lock(mutex_);
    if (!wanted_) return;
    wanted_ = false;
  }
  Copy made{.windows = copy(), .made_ns = monotonic_ns()};
  const std::lock_guard lock(mutex_);
  if (readers_ == 0) return;
  copy_ = std::move(made);
  changed_.notify_all();
}

}  // namespace sonde
