// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/live_window.h"

#include <utility>

#include "core/base/clock.h"

namespace sonde {
namespace {

constexpr std::chrono::seconds kPatience{2};

}  // namespace

std::optional<ClosedWindow> LiveWindow::read() {
  std::unique_lock lock(mutex_);
  if (latest_ && monotonic_ns() < latest_ns_ + kFreshNs) return latest_;
  const std::uint64_t number = ++asked_;
  changed_.wait_for(lock, kPatience, [&] { return answered_ >= number; });
  if (copy_) {
    EndedWindow copy = std::move(*copy_);
    copy_.reset();
    lock.unlock();
    ClosedWindow window = completer_.complete(std::move(copy));
    lock.lock();
    latest_ = std::move(window);
    latest_ns_ = monotonic_ns();
  } else if (answered_ < number) {
    return std::nullopt;
  }
  return latest_;
}

void LiveWindow::serve(Session& session) {
  {
    const std::lock_guard lock(mutex_);
    if (answered_ == asked_) return;
  }
  EndedWindow window = session.open_window();
  const std::lock_guard lock(mutex_);
  copy_ = std::move(window);
  answered_ = asked_;
  changed_.notify_all();
}

}  // namespace sonde
