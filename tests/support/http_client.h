// SPDX-License-Identifier: Apache-2.0
// A client that may misbehave: bytes to a listener on this machine, and what comes back. Every wait
// ends after 10 s.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/fd.h"

namespace sonde {

class HttpClient {
 public:
  // A socket that is not connected yet.
  HttpClient() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  }
  explicit HttpClient(std::uint16_t port) : HttpClient() { connect(port); }

  void connect(std::uint16_t port) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0);
  }

  // Before connect(): the kernel takes no more than some bytes of an answer nobody reads.
  void take_little() {
    const int bytes = 4096;
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
  }

  // False if the server does not take the bytes any more.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t put = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }
  void end_of_requests() { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_.reset(); }

  // One answer with its body, as Content-Length says; what came if the server ends earlier.
  std::string answer() {
    while (true) {
      const std::size_t head = got_.find("\r\n\r\n");
      if (head != std::string::npos && got_.size() >= head + 4 + length(got_.substr(0, head))) {
        const std::size_t bytes = head + 4 + length(got_.substr(0, head));
        std::string out = got_.substr(0, bytes);
        got_.erase(0, bytes);
        return out;
      }
      if (!receive()) return std::exchange(got_, {});
    }
  }
  // `GET path` on this connection and the status of its answer, 0 without one.
  int get(const std::string& path) {
    if (!send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n")) return 0;
    return status();
  }
  // The status of the next answer, 0 if the server ends without one.
  int status() {
    const std::string text = answer();
    return text.starts_with("HTTP/1.1 ") ? std::stoi(text.substr(9, 3)) : 0;
  }
  // Reads to the end; false if it does not come.
  bool ends() {
    while (receive()) {
    }
    return ended_;
  }

 private:
  static std::size_t length(const std::string& head) {
    const std::size_t at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
  }

  bool receive() {
    std::array<char, 65536> bytes{};
    const ssize_t got = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
    if (got > 0) got_.append(bytes.data(), static_cast<std::size_t>(got));
    ended_ = got == 0 || (got < 0 && errno == ECONNRESET);
    return got > 0;
  }

  UniqueFd fd_;
  std::string got_;
  bool ended_ = false;
};

}  // namespace sonde
