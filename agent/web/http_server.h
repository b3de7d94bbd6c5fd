// SPDX-License-Identifier: Apache-2.0
// Answers HTTP/1.1 on one address. One thread waits for all sockets (epoll), so that a slow or idle
// client holds nothing but its buffers; a few threads answer requests that are there in full. Every
// limit has a counter (agent/web/loss.h). Without clients it never wakes up.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "agent/config/listen_address.h"
#include "agent/web/connection.h"
#include "agent/web/http_message.h"
#include "agent/web/request_framing.h"
#include "core/base/result.h"

namespace sonde {

struct HttpServerOptions {
  FramingLimits framing = {};
  ConnectionTimes times = {};
  std::size_t connections = 128;  // one more ends the one that has been waited for longest
  std::size_t workers = 4;        // requests that are answered at once; more than ReadGate lets in
  std::size_t waiting_bytes =
      std::size_t{32} * 1024 * 1024;      // of answers, in all connections; then 503
  std::chrono::milliseconds stop{1'000};  // for answers under way when the server ends
};

// Since the start, except `connections`.
struct HttpServerCounts {
  std::uint64_t accepted = 0;
  std::uint64_t connections = 0;                                      // now
  std::array<std::uint64_t, 6> answers = {};                          // by status / 100
  std::array<std::uint64_t, kHttpRefusalLabels.size()> refused = {};  // by HttpRefusal
  std::uint64_t sent_bytes = 0;
};

class HttpServer {
 public:
  // Listens, and answers from now on. Its threads take no signals.
  //
  // handler  is called by several threads at once, until the destructor returns.
  // errors   those of socket(2), bind(2) and listen(2), with the address in front.
  static Result<std::unique_ptr<HttpServer>> start(const ListenAddress& address,
                                                   const HttpHandler& handler,
                                                   const HttpServerOptions& options = {});
  // Nobody listens there afterwards; the destructor does the rest. Does not wait for handlers.
  void stop_listening();
  // Stops listening, ends idle connections at once and the others when their answer is sent or
  // after options.stop; then waits for handlers that run.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // With the port that port 0 became.
  [[nodiscard]] const ListenAddress& address() const { return address_; }
  // Thread-safe.
  [[nodiscard]] HttpServerCounts counts() const;

 private:
  class Loop;
  HttpServer(ListenAddress address, std::unique_ptr<Loop> loop);

  const ListenAddress address_;
  std::unique_ptr<Loop> loop_;
};

}  // namespace sonde
