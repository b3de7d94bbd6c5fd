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

  // Writes what waits, and every name, to the disk; names that take longer than half of the time
  // are left out. False: not done in time, the thread still hangs in it.
  bool finish(std::chrono::milliseconds patience);

  [[nodiscard]] WriterCounts counts() const;

 private:
  void work();
  std::optional<EndedWindow> next();
  void tell_problem();

  History& history_;
  NameKeeper& names_;
  WindowCompleter& completer_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<EndedWindow> waiting_;  // under mutex_, as all below
  WriterCounts counts_;
  bool finishing_ = false;
  bool finished_ = false;
  bool indexed_ = false;
  std::string problem_;  // of the disk, that was told; the thread's own
  std::thread thread_;   // last: it uses all of them
};

}  // namespace sonde
