// SPDX-License-Identifier: Apache-2.0
// The thread between the session and the history: whatever a window waits for, the session does
// not.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "agent/daemon/loss.h"
#include "agent/daemon/window_completer.h"
#include "agent/store/history.h"

namespace sonde {

struct WriterCounts {
  std::uint64_t taken = 0;    // windows
  std::uint64_t written = 0;  // given to the history
  WriterLossCounts lost{};    // names_hurried: names, not windows
};

// Thread-safe.
class WindowWriter {
 public:
  static constexpr std::size_t kMaxWaiting = 30;  // windows: five minutes of them

  // All outlive this.
  WindowWriter(History& history, NameKeeper& names, WindowCompleter& completer);
  // Ends without writing what still waits: finish() first.
  ~WindowWriter();
  WindowWriter(const WindowWriter&) = delete;
  WindowWriter& operator=(const WindowWriter&) = delete;

  // Never waits.
  void take(EndedWindow&& window);

  // Waits until the history has every window taken so far, or has lost it: then whoever asks it
  // finds them.
  //
  // patience  for all of them. Where one is overdue, nobody waits again until it is done.
  // returns   false: some are still on their way.
  bool hand_over(std::chrono::milliseconds patience);

  // Writes every window that waits to the disk, then every name. Names that the symbolizer has not
  // found after half of the patience are left out.
  //
  // patience  for the next window or table of names
  // most      for all of them
  // returns   false: not done in time, the thread still hangs in it.
  bool finish(std::chrono::milliseconds patience, std::chrono::milliseconds most);

  // Lets its thread drop the caches of names and of the symbolizer, and give what the heap has free
  // back to the kernel. Never waits.
  void drop_caches();

  [[nodiscard]] WriterCounts counts() const;
  // Windows taken that are neither on the disk nor counted as lost. Waits for nothing.
  [[nodiscard]] std::uint64_t waiting() const;

 private:
  void work();
  std::optional<EndedWindow> next(bool waits);
  void write(EndedWindow&& window);
  void drop_if_wanted();
  void tell_problem();
  [[nodiscard]] bool is_finishing() const;
  [[nodiscard]] bool is_over() const;

  History& history_;
  NameKeeper& names_;
  WindowCompleter& completer_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<EndedWindow> waiting_;  // under mutex_, as all below
  WriterCounts counts_;
  std::uint64_t waits_for_disk_ = 0;  // of the written ones
  std::uint64_t overdue_ = 0;         // the window that somebody waited for in vain; 0: none
  bool finishing_ = false;
  bool finished_ = false;
  bool drop_wanted_ = false;
  std::string problem_;  // of the disk, that was told; the thread's own
  std::thread thread_;   // last: it uses all of them
};

}  // namespace sonde
