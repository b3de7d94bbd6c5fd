// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/wakeups.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <thread>

#include "core/base/clock.h"

namespace sonde {

using std::chrono::nanoseconds;

Result<void> Wakeups::open(std::span<const int> fds) {
  epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) return Error::from_errno(errno, "epoll_create1");
  for (const int fd : fds) {
    if (auto watched = watch(fd); !watched) return watched;
  }
  return {};
}

Result<void> Wakeups::watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return Error::from_errno(errno, "epoll_ctl");
  }
  return {};
}

void Wakeups::wait(nanoseconds most) {
  std::array<epoll_event, 8> events{};
  const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(most).count();
  // Interrupted by a signal = woken: the caller looks at its own flags next.
  (void)!::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                      static_cast<int>(timeout));
  const std::uint64_t earliest =
      woken_ns_ + static_cast<std::uint64_t>(nanoseconds(kPause).count());
  if (const std::uint64_t now = monotonic_ns(); now < earliest) {
    std::this_thread::sleep_for(nanoseconds(earliest - now));
  }
  woken_ns_ = monotonic_ns();
}

}  // namespace sonde
