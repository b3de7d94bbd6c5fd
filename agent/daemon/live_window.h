// SPDX-License-Identifier: Apache-2.0
// How other threads read the window that is being filled: they ask, the session's thread copies it
// at its next look.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "agent/daemon/window_completer.h"
#include "agent/engine/session.h"

namespace sonde {

// Thread-safe.
class LiveWindow {
 public:
  // A copy so old is as good as a new one.
  static constexpr std::uint64_t kFreshNs = 500'000'000;

  // completer  outlives this.
  explicit LiveWindow(WindowCompleter& completer) : completer_(completer) {}

  // The open window; none if the session does not answer in time.
  // cost  up to 100 ms of waiting; the copy, and the names that are not known yet.
  std::optional<ClosedWindow> read();

  // Called by the session's thread at each look.
  void serve(Session& session);

 private:
  WindowCompleter& completer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t asked_ = 0;     // requests so far
  std::uint64_t answered_ = 0;  // of them
  std::optional<EndedWindow> copy_;
  std::optional<ClosedWindow> latest_;
  std::uint64_t latest_ns_ = 0;
};

}  // namespace sonde
