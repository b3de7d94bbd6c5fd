// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/wire/messages.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/clock.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxFds = 2;

Error gone() { return Error{ErrorCode::kUnavailable, "the other side closed the connection"}; }

// Waits until the socket is ready for `events`.
Result<void> wait_for(int socket, short events, WireDeadline deadline) {
  while (true) {
    int timeout_ms = -1;
    if (deadline != 0) {
      const std::uint64_t now = monotonic_ns();
      if (now >= deadline) return Error{ErrorCode::kDeadlineExceeded, "no answer in time"};
      timeout_ms = static_cast<int>(
          std::min<std::uint64_t>((deadline - now + 999'999) / 1'000'000, 1'000'000));
    }
    pollfd entry{.fd = socket, .events = events, .revents = 0};
    const int ready = ::poll(&entry, 1, timeout_ms);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return Error::from_errno(errno, "poll");
  }
}

bool is_gone(int err) { return err == EPIPE || err == ECONNRESET; }

Result<void> send_part(int socket, std::span<const std::byte>& bytes, std::span<const int> fds,
                       WireDeadline deadline) {
  iovec part{.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxFds * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    auto* head = reinterpret_cast<cmsghdr*>(control.data());
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(head), fds.data(), fds.size_bytes());
  }
  while (true) {
    const ssize_t put = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(put));
      return {};
    }
    if (is_gone(errno)) return gone();
    if (errno == EAGAIN) {
      if (auto ready = wait_for(socket, POLLOUT, deadline); !ready) return ready;
    } else if (errno != EINTR) {
      return Error::from_errno(errno, "sendmsg");
    }
  }
}

void take_fds(msghdr& message, std::vector<UniqueFd>& out) {
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr;
       head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof(int));
      out.emplace_back(fd);
    }
  }
}

// One recvmsg(2): shrinks `out` by what came, appends descriptors.
Result<void> receive_part(int socket, std::span<std::byte>& out, std::vector<UniqueFd>* fds,
                          WireDeadline deadline) {
  while (true) {
    iovec part{.iov_base = out.data(), .iov_len = out.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxFds * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (fds != nullptr) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
    }
    const ssize_t got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got == 0 || (got < 0 && is_gone(errno))) return gone();
    if (got > 0) {
      out = out.subspan(static_cast<std::size_t>(got));
      if (fds != nullptr) take_fds(message, *fds);
      if (fds != nullptr && (message.msg_flags & MSG_CTRUNC) != 0) {
        return Error{ErrorCode::kInvalidArgument, "too many descriptors in one message"};
      }
      return {};
    }
    if (errno == EAGAIN) {
      if (auto ready = wait_for(socket, POLLIN, deadline); !ready) return ready;
    } else if (errno != EINTR) {
      return Error::from_errno(errno, "recvmsg");
    }
  }
}

}  // namespace

Result<void> send_message(int socket, std::span<const std::byte> header, std::span<const int> fds,
                          std::span<const std::byte> payload, WireDeadline deadline) {
  if (fds.size() > kMaxFds) return Error{ErrorCode::kInvalidArgument, "too many descriptors"};
  while (!header.empty()) {
    if (auto sent = send_part(socket, header, fds, deadline); !sent) return sent;
    fds = {};  // they went with the first byte
  }
  while (!payload.empty()) {
    if (auto sent = send_part(socket, payload, {}, deadline); !sent) return sent;
  }
  return {};
}

Result<std::vector<UniqueFd>> receive_header(int socket, std::span<std::byte> header,
                                             std::size_t max_fds, WireDeadline deadline) {
  std::vector<UniqueFd> fds;
  while (!header.empty()) {
    if (auto got = receive_part(socket, header, &fds, deadline); !got) return got.error();
  }
  if (fds.size() > max_fds) {
    return Error{ErrorCode::kInvalidArgument, "unexpected descriptors in a message"};
  }
  return fds;
}

Result<void> receive_bytes(int socket, std::span<std::byte> out, WireDeadline deadline) {
  while (!out.empty()) {
    if (auto got = receive_part(socket, out, nullptr, deadline); !got) return got;
  }
  return {};
}

}  // namespace sonde
