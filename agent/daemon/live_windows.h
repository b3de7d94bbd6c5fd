// SPDX-License-Identifier: Apache-2.0
// How other threads read the windows that are being filled: they ask, the session's thread copies
// them at its next look, and one of those that asked names them for all.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "agent/daemon/window_completer.h"
#include "agent/engine/ended_window.h"
#include "agent/engine/wake_event.h"

namespace sonde {

// Thread-safe.
class LiveWindows {
 public:
  // A copy so old is as good as a new one.
  static constexpr std::uint64_t kFreshNs = 500'000'000;

  static constexpr std::chrono::milliseconds kPatience{2'000};

  // completer  outlives this.
  // wake       the session's thread sleeps on it; outlives this.
  // patience   of a reader, with the session and with whoever names the copy.
  LiveWindows(WindowCompleter& completer, const WakeEvent& wake,
              std::chrono::milliseconds patience = kPatience)
      : completer_(completer), wake_(wake), patience_(patience) {}

  // The windows that were being filled at most kFreshNs before the call, oldest first; none if
  // there is no such copy in time: an older one may be of windows that have ended since.
  // cost  some ms of waiting for the session's thread; the copy, and for one of those that ask at
  //       once the names that are not known yet.
  std::vector<ClosedWindow> read();

  // Called by the session's thread at each look.
  // copy  those windows as they are now; called if somebody waits for them.
  void serve(const std::function<std::vector<EndedWindow>()>& copy);

 private:
  struct Copy {
    std::vector<EndedWindow> windows;
    std::uint64_t made_ns = 0;
  };
  struct Reader;
  void complete(std::unique_lock<std::mutex>& lock);

  WindowCompleter& completer_;
  const WakeEvent& wake_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::size_t readers_ = 0;   // in read()
  bool wanted_ = false;       // one of them needs a copy that nobody makes yet
  std::optional<Copy> copy_;  // without names: who finds it completes it
  // When the copy was made that a reader completes, without the lock; 0: none does.
  std::uint64_t completing_ns_ = 0;
  std::vector<ClosedWindow> latest_;
  std::uint64_t latest_ns_ = 0;  // when it was copied
};

}  // namespace sonde
