// SPDX-License-Identifier: Apache-2.0
#include "agent/web/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sonde {
namespace {

constexpr int kBacklog = 128;

socklen_t fill(const ListenAddress& address, sockaddr_storage& into) {
  if (address.is_ipv6()) {
    sockaddr_in6 out{};
    out.sin6_family = AF_INET6;
    out.sin6_port = htons(address.port);
    ::inet_pton(AF_INET6, address.ip.c_str(), &out.sin6_addr);
    std::memcpy(&into, &out, sizeof(out));
    return sizeof(out);
  }
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(address.port);
  ::inet_pton(AF_INET, address.ip.c_str(), &out.sin_addr);
  std::memcpy(&into, &out, sizeof(out));
  return sizeof(out);
}

bool set_option(const UniqueFd& fd, int level, int option, int value) {
  return ::setsockopt(fd.get(), level, option, &value, sizeof(value)) == 0;
}

// 127.0.0.0/8, also as IPv6 writes it where a socket takes both, or ::1.
bool is_loopback(const sockaddr_storage& name) {
  if (name.ss_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &name, sizeof(four));
    return ntohl(four.sin_addr.s_addr) >> 24 == 127;
  }
  sockaddr_in6 six{};
  std::memcpy(&six, &name, sizeof(six));
  if (name.ss_family != AF_INET6) return false;
  constexpr int kMapped = 12;  // where an IPv4 address begins
  return IN6_IS_ADDR_LOOPBACK(&six.sin6_addr) ||
         (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr) && six.sin6_addr.s6_addr[kMapped] == 127);
}

}  // namespace

Result<UniqueFd> open_listener(const ListenAddress& address) {
  const auto failed = [&](const char* call) {
    return Error::from_errno(errno, address.text() + ": " + call);
  };
  sockaddr_storage name{};
  const socklen_t size = fill(address, name);
  UniqueFd fd(::socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return failed("socket");
  if (!set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1)) return failed("setsockopt");
  if (address.is_ipv6() && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)) {
    return failed("setsockopt");
  }
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0) return failed("bind");
  if (::listen(fd.get(), kBacklog) != 0) return failed("listen");
  return fd;
}

Result<ListenAddress> address_of(const UniqueFd& listener) {
  sockaddr_storage name{};
  socklen_t size = sizeof(name);
  if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0) {
    return Error::from_errno(errno, "getsockname");
  }
  std::array<char, INET6_ADDRSTRLEN> ip{};
  sockaddr_in6 six{};
  sockaddr_in four{};
  std::memcpy(&six, &name, sizeof(six));
  std::memcpy(&four, &name, sizeof(four));
  const bool is_ipv6 = name.ss_family == AF_INET6;
  const void* const bytes =
      is_ipv6 ? static_cast<const void*>(&six.sin6_addr) : static_cast<const void*>(&four.sin_addr);
  if (::inet_ntop(name.ss_family, bytes, ip.data(), ip.size()) == nullptr) {
    return Error::from_errno(errno, "inet_ntop");
  }
  return ListenAddress{ip.data(), ntohs(is_ipv6 ? six.sin6_port : four.sin_port)};
}

AcceptedClient accept_client(const UniqueFd& listener) {
  sockaddr_storage name{};
  socklen_t size = sizeof(name);
  UniqueFd fd(::accept4(listener.get(), reinterpret_cast<sockaddr*>(&name), &size,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
  return {std::move(fd), is_loopback(name)};
}

}  // namespace sonde
