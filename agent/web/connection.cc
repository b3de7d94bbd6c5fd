// SPDX-License-Identifier: Apache-2.0
#include "agent/web/connection.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "agent/web/http_codec.h"

namespace sonde {
namespace {

constexpr std::size_t kReadBytes = std::size_t{16} * 1024;
constexpr std::size_t kMaxDiscarded = std::size_t{1024} * 1024;

// recv(2) that is tried again after a signal: bytes, 0 at the end, none if there is nothing now.
std::optional<ssize_t> receive(int fd, std::array<char, kReadBytes>& into) {
  while (true) {
    const ssize_t got = ::recv(fd, into.data(), into.size(), 0);
    if (got >= 0) return got;
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return std::nullopt;
    return 0;  // an error ends the connection as its end does
  }
}

}  // namespace

Connection::Connection(UniqueFd fd, const FramingLimits& limits, const ConnectionTimes& times,
                       Clock::time_point now)
    : fd_(std::move(fd)),
      limits_(limits),
      times_(times),
      since_(now),
      deadline_(now + times.idle) {}

void Connection::enter(State state, Clock::time_point now) {
  state_ = state;
  since_ = now;
  switch (state) {
    case State::kReading:
      deadline_ = now + (in_.empty() ? times_.idle : times_.request);
      break;
    case State::kWriting:
      deadline_ = now + times_.answer;
      break;
    case State::kLingering:
      deadline_ = now + times_.linger;
      break;
    default:
      deadline_ = Clock::time_point::max();
  }
}

void Connection::progress(Clock::time_point now) {
  bool more = true;
  while (more) {
    switch (state_) {
      case State::kReading:
        more = read_some(now);
        break;
      case State::kWriting:
        more = write_some(now);
        break;
      case State::kLingering:
        more = discard_some();
        break;
      default:
        more = false;
    }
  }
}

// These three return false when the socket has to be waited for.

bool Connection::read_some(Clock::time_point now) {
  // First what is there already: a client may send the next request without waiting.
  const RequestFrame frame = frame_request(in_, limits_);
  if (frame.status != 0) {
    refuse(frame.status, frame.refusal, frame.why, now);
    return true;
  }
  if (frame.bytes) {
    request_bytes_ = *frame.bytes;
    enter(State::kAnswering, now);
    return false;
  }
  std::array<char, kReadBytes> bytes;
  const auto got = receive(fd_.get(), bytes);
  if (!got) return false;
  if (*got == 0) {
    hang_up();
    return false;
  }
  if (in_.empty()) deadline_ = now + times_.request;
  in_.append(bytes.data(), static_cast<std::size_t>(*got));
  return true;
}

bool Connection::write_some(Clock::time_point now) {
  while (sent_ < out_.size()) {
    const ssize_t put = ::send(fd_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) return false;
    if (put < 0) {
      hang_up();
      return false;
    }
    sent_ += static_cast<std::size_t>(put);
    total_sent_ += static_cast<std::uint64_t>(put);
  }
  std::exchange(out_, {});  // its memory too
  sent_ = 0;
  if (keep_alive_) {
    in_.erase(0, std::exchange(request_bytes_, 0));
    enter(State::kReading, now);
  } else {
    std::exchange(in_, {});
    ::shutdown(fd_.get(), SHUT_WR);
    enter(State::kLingering, now);
  }
  return true;
}

bool Connection::discard_some() {
  std::array<char, kReadBytes> bytes;
  const auto got = receive(fd_.get(), bytes);
  if (!got) return false;
  discarded_ += static_cast<std::size_t>(*got);
  if (*got == 0 || discarded_ > kMaxDiscarded) hang_up();
  return state_ != State::kDone;
}

void Connection::expire(Clock::time_point now) {
  if (now < deadline_) return;
  if (state_ == State::kReading && !in_.empty()) {
    refuse(408, HttpRefusal::kSlowRequest, "the request did not arrive in time", now);
    progress(now);
    return;
  }
  if (state_ == State::kWriting) refusal_ = HttpRefusal::kSlowReader;
  hang_up();
}

void Connection::answer(std::string bytes, bool keep_alive, Clock::time_point now) {
  out_ = std::move(bytes);
  keep_alive_ = keep_alive;
  enter(State::kWriting, now);
  progress(now);
}

void Connection::refuse(int status, HttpRefusal refusal, std::string_view why,
                        Clock::time_point now) {
  refusal_ = refusal;
  out_ = http_refusal_bytes(status, why);
  keep_alive_ = false;
  enter(State::kWriting, now);
}

std::optional<HttpRefusal> Connection::take_refusal() {
  return std::exchange(refusal_, std::nullopt);
}

}  // namespace sonde
