// SPDX-License-Identifier: Apache-2.0
#include "agent/config/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <charconv>
#include <optional>

namespace sonde {
namespace {

constexpr std::string_view kExample = "such as 127.0.0.1:7663 or [::1]:7663";

// The address as inet_ntop(3) writes it, none if it is no address of that family.
std::optional<std::string> canonical(int family, std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (::inet_pton(family, std::string(text).c_str(), bytes.data()) != 1) return std::nullopt;
  if (::inet_ntop(family, bytes.data(), out.data(), out.size()) == nullptr) return std::nullopt;
  return std::string(out.data());
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stop != end) return std::nullopt;
  return port;
}

Error wrong(std::string_view what) {
  return {ErrorCode::kInvalidArgument, std::string(what) + ", " + std::string(kExample)};
}

}  // namespace

bool ListenAddress::is_loopback() const { return ip.starts_with("127.") || ip == "::1"; }

bool ListenAddress::is_wildcard() const { return ip == "0.0.0.0" || ip == "::"; }

std::string ListenAddress::text() const {
  return (is_ipv6() ? "[" + ip + "]" : ip) + ":" + std::to_string(port);
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  // A string_view with a zero byte would end early in inet_pton.
  if (text.find('\0') != std::string_view::npos) return wrong("must be ADDRESS:PORT");
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong("must be ADDRESS:PORT");
  const std::string_view host = text.substr(0, colon);
  const auto port = port_of(text.substr(colon + 1));
  if (!port) return wrong("the port must be a number from 0 to 65535");
  std::optional<std::string> ip;
  if (host == "localhost") {
    ip = "127.0.0.1";
  } else if (host.starts_with('[') && host.ends_with(']')) {
    ip = canonical(AF_INET6, host.substr(1, host.size() - 2));
  } else if (host.find(':') == std::string_view::npos) {
    ip = canonical(AF_INET, host);
  } else {
    return wrong("an IPv6 address stands in brackets");
  }
  if (!ip) return wrong("must be an IP address or localhost, and a port");
  return ListenAddress{*std::move(ip), *port};
}

bool collide(const ListenAddress& one, const ListenAddress& other) {
  if (one.port != other.port || one.port == 0) return false;
  return one.ip == other.ip || one.is_wildcard() || other.is_wildcard();
}

}  // namespace sonde
