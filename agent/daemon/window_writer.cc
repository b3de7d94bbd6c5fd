// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/window_writer.h"

#include <exception>
#include <string>
#include <utility>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals_blocked.h"

namespace sonde {
namespace {

constexpr std::chrono::seconds kBetweenFlushes{10};
constexpr std::chrono::milliseconds kBetweenHurries{50};
constexpr std::uint64_t kWindowsAtATime = 200;  // of those that were there before the start

}  // namespace

WindowWriter::WindowWriter(History& history, NameKeeper& names, WindowCompleter& completer)
    : history_(history), names_(names), completer_(completer) {
  const SignalsBlocked blocked;  // the thread inherits that
  thread_ = std::thread([this] { work(); });
}

WindowWriter::~WindowWriter() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
  thread_.join();
}

void WindowWriter::take(EndedWindow&& window) {
  const std::lock_guard lock(mutex_);
  ++counts_.taken;
  if (waiting_.size() >= kMaxWaiting) {
    waiting_.pop_front();
    ++counts_.lost[static_cast<std::size_t>(WriterLoss::kWriterBehind)];
  }
  waiting_.push_back(std::move(window));
  changed_.notify_all();
}

bool WindowWriter::finish(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  finishing_ = true;
  changed_.notify_all();
  const auto latest = std::chrono::steady_clock::now() + patience;
  const auto finished = [this] { return finished_; };
  bool done = changed_.wait_for(lock, patience / 2, finished);
  while (!done && std::chrono::steady_clock::now() < latest) {
    lock.unlock();
    completer_.hurry();
    lock.lock();
    done = changed_.wait_for(lock, kBetweenHurries, finished);
  }
  return done;
}

// None: nothing to write for now.
std::optional<EndedWindow> WindowWriter::next() {
  std::unique_lock lock(mutex_);
  if (indexed_) {
    changed_.wait_for(lock, kBetweenFlushes, [this] { return finishing_ || !waiting_.empty(); });
  }
  if (waiting_.empty()) return std::nullopt;
  EndedWindow window = std::move(waiting_.front());
  waiting_.pop_front();
  return window;
}

// Once when it begins and once when it ends.
void WindowWriter::tell_problem() {
  std::string problem = history_.state().problem;
  if (problem.empty() == problem_.empty()) return;
  if (problem.empty()) {
    log_warn("the disk takes windows again");
  } else {
    log_error("windows stay in memory until the disk takes them: " + problem);
  }
  problem_ = std::move(problem);
}

void WindowWriter::work() {
  tell_problem();
  bool done = false;
  while (!done) {
    if (auto window = next()) {
      history_.add(completer_.complete(std::move(*window)));
      tell_problem();
      const std::lock_guard lock(mutex_);
      ++counts_.written;
      continue;
    }
    if (!indexed_) indexed_ = history_.catch_up(kWindowsAtATime);
    const std::lock_guard lock(mutex_);
    done = finishing_ && waiting_.empty();
    if (!done) names_.flush(monotonic_ns(), false);
  }
  names_.flush(monotonic_ns(), true);
  history_.sync();
  const std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

WriterCounts WindowWriter::counts() const {
  const std::lock_guard lock(mutex_);
  WriterCounts counts = counts_;
  counts.lost[static_cast<std::size_t>(WriterLoss::kNamesHurried)] = completer_.names_hurried();
  return counts;
}

}  // namespace sonde
