// SPDX-License-Identifier: Apache-2.0
// The books of each window, from those of the session: what the kernel and the session counted goes
// on while a window is closed, so a window's ticks are put together from what it holds, and checked
// against the kernel's own counts one window later.
#pragma once

#include <cstdint>

#include "core/model/profile.h"

namespace sonde {

struct WindowSamples {
  std::uint64_t stored = 0;     // in this window
  std::uint64_t accounted = 0;  // stored, lost or waiting, of all windows so far
};

// Thread-confined.
class WindowBooks {
 public:
  // now   of the whole session until now (profile_meta.h).
  // last  the clocks are off and every ring is empty: both sides must agree exactly.
  // returns  of this window: sums over all windows are those of the session, and the equations of
  //          docs/losses.md hold for each. Ticks that neither side explains are the note
  //          `unaccounted`: a bug of sonde.
  ProfileMeta close(const ProfileMeta& now, const WindowSamples& samples, bool last);

 private:
  ProfileMeta before_;
  std::uint64_t missed_ = 0;
};

}  // namespace sonde
