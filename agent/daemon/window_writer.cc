// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/window_writer.h"

#include <malloc.h>

#include <exception>
#include <string>
#include <utility>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals_blocked.h"

namespace sonde {
namespace {

constexpr std::chrono::seconds kBetweenLooks{10};  // at names that are due, without windows
constexpr std::chrono::milliseconds kBetweenHurries{50};
constexpr std::uint64_t kWindowsAtATime = 200;  // of those that were there before the start

std::uint64_t lost_windows(const WriterCounts& counts) {
  return counts.lost[static_cast<std::size_t>(WriterLoss::kWriterBehind)];
}

// Nothing is left to be done for them.
std::uint64_t done_windows(const WriterCounts& counts) {
  return counts.written + lost_windows(counts);
}

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

bool WindowWriter::hand_over(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  const std::uint64_t taken = counts_.taken;
  const auto is_done = [&] { return done_windows(counts_) >= taken; };
  if (is_done()) return true;
  if (overdue_ == done_windows(counts_) + 1) return false;
  if (changed_.wait_for(lock, patience, is_done)) return true;
  overdue_ = done_windows(counts_) + 1;
  return false;
}

bool WindowWriter::finish(std::chrono::milliseconds patience, std::chrono::milliseconds most) {
  using Clock = std::chrono::steady_clock;
  std::unique_lock lock(mutex_);
  finishing_ = true;
  changed_.notify_all();
  const auto begin = Clock::now();
  auto progressed = begin;
  std::uint64_t done = 0;
  while (!changed_.wait_for(lock, kBetweenHurries, [this] { return finished_; })) {
    const std::uint64_t windows = counts_.written;
    const bool are_windows_done = done_windows(counts_) == counts_.taken;
    lock.unlock();
    const auto now = Clock::now();
    const std::uint64_t done_now = windows + names_.counts().tables_written;
    if (done_now != std::exchange(done, done_now)) progressed = now;
    if (now - begin >= most || now - progressed >= patience) return false;
    if (!are_windows_done && now - begin >= patience / 2) completer_.hurry();
    lock.lock();
  }
  return true;
}

// None: nothing to write for now.
std::optional<EndedWindow> WindowWriter::next(bool waits) {
  std::unique_lock lock(mutex_);
  if (waits) {
    changed_.wait_for(lock, kBetweenLooks,
                      [this] { return finishing_ || drop_wanted_ || !waiting_.empty(); });
  }
  if (waiting_.empty()) return std::nullopt;
  EndedWindow window = std::move(waiting_.front());
  waiting_.pop_front();
  return window;
}

// Once when it begins and once when it ends.
void WindowWriter::tell_problem() {
  HistoryState state = history_.state();
  {
    const std::lock_guard lock(mutex_);
    waits_for_disk_ = state.waiting_windows;
  }
  std::string problem = std::move(state.problem);
  if (problem.empty() == problem_.empty()) return;
  if (problem.empty()) {
    log_warn("the disk takes windows again");
  } else {
    log_error("windows stay in memory until the disk takes them: " + problem);
  }
  problem_ = std::move(problem);
}

void WindowWriter::write(EndedWindow&& window) {
  history_.add(completer_.complete(std::move(window)));
  tell_problem();
  const std::lock_guard lock(mutex_);
  ++counts_.written;
  changed_.notify_all();
}

bool WindowWriter::is_finishing() const {
  const std::lock_guard lock(mutex_);
  return finishing_;
}

bool WindowWriter::is_over() const {
  const std::lock_guard lock(mutex_);
  return finishing_ && waiting_.empty();
}

// A window and a table of names in turn: neither keeps the other from the disk. At the end windows
// go first.
void WindowWriter::work() {
  tell_problem();
  bool is_indexed = false;
  bool has_names = false;
  while (!is_over()) {
    if (auto window = next(is_indexed && !has_names)) {
      write(std::move(*window));
    } else if (!is_indexed) {
      is_indexed = history_.catch_up(kWindowsAtATime);
    }
    drop_if_wanted();
    has_names =
        !is_finishing() && names_.write_one(monotonic_ns(), false) == NameKeeper::Written::kOne;
  }
  history_.sync();
  tell_problem();
  names_.flush(monotonic_ns(), true);
  const std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

void WindowWriter::drop_caches() {
  const std::lock_guard lock(mutex_);
  drop_wanted_ = true;
  changed_.notify_all();
}

void WindowWriter::drop_if_wanted() {
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(drop_wanted_, false)) return;
  }
  names_.drop_caches(monotonic_ns());
  completer_.drop_caches();
  ::malloc_trim(0);
}

WriterCounts WindowWriter::counts() const {
  const std::lock_guard lock(mutex_);
  WriterCounts counts = counts_;
  counts.lost[static_cast<std::size_t>(WriterLoss::kNamesHurried)] = completer_.names_hurried();
  return counts;
}

std::uint64_t WindowWriter::waiting() const {
  const std::lock_guard lock(mutex_);
  return counts_.taken - done_windows(counts_) + waits_for_disk_;
}

}  // namespace sonde
