// SPDX-License-Identifier: Apache-2.0
// What the session's thread sleeps on: rings of events and samples, rows that arrive.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

// Thread-confined.
class Wakeups {
 public:
  // New mappings wake the session, at most this often: a dynamic loader makes a handful at a time.
  static constexpr std::chrono::milliseconds kPause{4};

  // errors of both: those of epoll(7). Each wakes when something new comes, not as long as
  // something is there: whoever is woken takes all of it.
  Result<void> open(std::span<const int> fds);
  Result<void> watch(int fd);

  // Until something is there, a signal comes or `most` has passed; at least kPause after it
  // returned last.
  void wait(std::chrono::nanoseconds most);

 private:
  UniqueFd epoll_;
  std::uint64_t woken_ns_ = 0;
};

}  // namespace sonde
