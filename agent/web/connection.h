// SPDX-License-Identifier: Apache-2.0
// One client: a socket that never blocks, the bytes of its request, the bytes of its answer, and
// the time that it may still take. Knows nothing of what requests mean. Thread-confined.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/web/request_framing.h"
#include "core/base/fd.h"

namespace sonde {

struct ConnectionTimes {
  std::chrono::milliseconds idle{60'000};     // between two requests
  std::chrono::milliseconds request{10'000};  // from its first byte to its last
  std::chrono::milliseconds answer{30'000};   // until the client has taken all of it
  std::chrono::milliseconds linger{1'000};    // after the last answer, so that it arrives
};

class Connection {
 public:
  using Clock = std::chrono::steady_clock;

  enum class State {
    kReading,    // a request, or nothing yet
    kAnswering,  // somebody works on request()
    kWriting,    // the answer
    kLingering,  // all is sent; closing now would make the kernel drop what the client has not read
    kDone,       // to be closed
  };

  // fd  a connected stream socket with O_NONBLOCK.
  Connection(UniqueFd fd, const FramingLimits& limits, const ConnectionTimes& times,
             Clock::time_point now);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] Clock::time_point since() const { return since_; }  // when the state began
  [[nodiscard]] Clock::time_point deadline() const { return deadline_; }
  // Bytes of the answer that the client has not taken.
  [[nodiscard]] std::size_t waiting_bytes() const { return out_.size() - sent_; }
  [[nodiscard]] std::uint64_t sent_bytes() const { return total_sent_; }

  // Goes on as far as it can without waiting: called when the socket can be read or written.
  void progress(Clock::time_point now);
  // The other side is gone for good, or the socket has an error.
  void hang_up() { state_ = State::kDone; }
  // Ends what takes longer than it may; a request that is not complete is told so (408).
  void expire(Clock::time_point now);

  // The request with its body. Precondition: kAnswering.
  [[nodiscard]] std::string_view request() const {
    return std::string_view(in_).substr(0, request_bytes_);
  }
  // kAnswering -> kWriting, and on.
  void answer(std::string bytes, bool keep_alive, Clock::time_point now);
  // Answers with an error of its own, then ends.
  void refuse(int status, HttpRefusal refusal, std::string_view why, Clock::time_point now);

  // Why the request or its answer failed since the last call.
  std::optional<HttpRefusal> take_refusal();

 private:
  void enter(State state, Clock::time_point now);
  bool read_some(Clock::time_point now);
  bool write_some(Clock::time_point now);
  bool discard_some();

  UniqueFd fd_;
  const FramingLimits& limits_;
  const ConnectionTimes& times_;
  State state_ = State::kReading;
  Clock::time_point since_;
  Clock::time_point deadline_;
  std::string in_;
  std::size_t request_bytes_ = 0;  // of in_, in kAnswering and kWriting
  std::string out_;
  std::size_t sent_ = 0;  // of out_
  std::uint64_t total_sent_ = 0;
  std::size_t discarded_ = 0;
  bool keep_alive_ = false;
  std::optional<HttpRefusal> refusal_;
};

}  // namespace sonde
