// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_feed.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/base/signals_blocked.h"

namespace sonde {
namespace {

// So long a window waits for names; the next one has more of them.
constexpr NamingBudget kBudget{.files = 500'000'000, .of_one = 200'000'000, .of_all = 500'000'000};
constexpr std::size_t kOwnPids = 16;  // sonde and its last workers

}  // namespace

TopFeed::TopFeed(SymbolizerClient& client, std::uint64_t least_ns, Sink sink)
    : client_(client),
      least_ns_(least_ns),
      sink_(std::move(sink)),
      namer_(client, kBudget),
      own_pids_{static_cast<std::uint32_t>(::getpid())} {
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
}

TopFeed::~TopFeed() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  client_.interrupt(thread_.get_id());
  thread_.join();
}

void TopFeed::take(EndedWindow&& window) {
  if (window.closed.meta.duration_ns < least_ns_) return;
  const std::lock_guard lock(mutex_);
  if (waiting_) ++left_out_;
  waiting_ = std::move(window);
  changed_.notify_all();
}

void TopFeed::run() {
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ends_ || waiting_; });
    if (ends_) return;
    const EndedWindow window = *std::exchange(waiting_, std::nullopt);
    const std::uint64_t left_out = left_out_;
    lock.unlock();
    name(window, left_out);
  }
}

void TopFeed::name(const EndedWindow& window, std::uint64_t left_out) {
  for (const int worker : client_.worker_pids()) {
    const auto pid = static_cast<std::uint32_t>(worker);
    if (std::ranges::find(own_pids_, pid) == own_pids_.end()) own_pids_.push_back(pid);
    if (own_pids_.size() > kOwnPids) own_pids_.erase(own_pids_.begin() + 1);
  }
  auto named = std::make_shared<TopWindow>(make_top_window(namer_.name(window), window.closed));
  named->own_pids = own_pids_;
  if (left_out > 0) named->profile.meta.notes["windows_left_out"] = left_out;
  sink_(std::move(named));
}

}  // namespace sonde
