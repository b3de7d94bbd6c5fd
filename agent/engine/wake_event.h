// SPDX-License-Identifier: Apache-2.0
// Ends the sleep of a session's thread early (SessionOptions::wake).
#pragma once

#include <sys/eventfd.h>

#include <cstdint>

#include "core/base/fd.h"

namespace sonde {

// Thread-safe.
class WakeEvent {
 public:
  WakeEvent() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  // -1 where descriptors ran out: whoever sleeps then does so as long as it would.
  [[nodiscard]] int fd() const { return fd_.get(); }
  // Also from signal handlers (write(2)). A full counter wakes as well.
  void signal() const { (void)!::eventfd_write(fd_.get(), 1); }

 private:
  UniqueFd fd_;
};

}  // namespace sonde
