// SPDX-License-Identifier: Apache-2.0
// The books of each window, from those of the session: what the kernel and the session counted goes
// on while a window is closed, so a window's ticks are put together from what it holds, and checked
// against the kernel's own counts one window later.
#pragma once

#include <cstdint>
#include <utility>

#include "core/model/profile.h"

namespace sonde {

struct WindowSamples {
  std::uint64_t stored = 0;     // in this window
  std::uint64_t accounted = 0;  // stored, lost or waiting, of all windows so far
};

// Thread-confined.
class WindowBooks {
 public:
  // What was counted before the session began is not of its windows: CPU time, the symbolizer's.
  void begin(ProfileMeta now) { before_ = now_ = std::move(now); }
  // now  of the whole session until now (profile_meta.h), read after the rings were emptied: once
  //      for all windows that close then.
  void observe(ProfileMeta now);
  [[nodiscard]] const ProfileMeta& observed() const { return now_; }
  // last  the clocks are off and every ring is empty: both sides must agree exactly.
  // returns  of this window: sums over all windows are those of the session, and the equations of
  //          docs/losses.md hold for each. Ticks that neither side explains are the note
  //          `unaccounted`: a bug of sonde.
  ProfileMeta close(const WindowSamples& samples, bool last);

 private:
  ProfileMeta earlier_;  // of the observation before: its samples are out of the rings by now
  ProfileMeta now_;
  ProfileMeta before_;  // when the last window closed
  std::uint64_t missed_ = 0;
};

}  // namespace sonde
