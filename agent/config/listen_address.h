// SPDX-License-Identifier: Apache-2.0
// Where a server listens: an IP address and a port. Stateless, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace sonde {

struct ListenAddress {
  std::string ip = "127.0.0.1";  // as inet_ntop(3) writes it; IPv6 without brackets
  std::uint16_t port = 0;        // 0 = any free one

  [[nodiscard]] bool is_ipv6() const { return ip.find(':') != std::string::npos; }
  // 127.0.0.0/8 or ::1: nobody but this machine reaches it.
  [[nodiscard]] bool is_loopback() const;
  // 0.0.0.0 or ::, every address of this machine.
  [[nodiscard]] bool is_wildcard() const;
  // `127.0.0.1:7663`, `[::1]:7663`.
  [[nodiscard]] std::string text() const;

  bool operator==(const ListenAddress&) const = default;
};

// `ADDRESS:PORT`, IPv6 in brackets, `localhost` for 127.0.0.1. Names are not looked up: what a
// server listens on must not depend on a resolver.
//
// errors  kInvalidArgument, with what would be right.
Result<ListenAddress> parse_listen_address(std::string_view text);

// True if both cannot listen at the same time: equal ports, and addresses that are equal or of
// which one is a wildcard. Port 0 collides with nothing.
bool collide(const ListenAddress& one, const ListenAddress& other);

}  // namespace sonde
