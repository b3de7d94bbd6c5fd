// SPDX-License-Identifier: Apache-2.0
// A listening TCP socket. Stateless, thread-safe.
#pragma once

#include "agent/config/listen_address.h"
#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

// Non-blocking; an address in TIME_WAIT may be used again; an IPv6 wildcard takes IPv4 too.
//
// errors  those of socket(2), bind(2) (kAlreadyExists: the port is taken) and listen(2).
Result<UniqueFd> open_listener(const ListenAddress& address);

// What the socket really listens on, with its port.
Result<ListenAddress> address_of(const UniqueFd& listener);

struct AcceptedClient {
  UniqueFd fd;  // non-blocking; none: errno says why
  bool from_loopback = false;
};

// The next client that waits at the listener, if there is one (accept4(2)).
AcceptedClient accept_client(const UniqueFd& listener);

}  // namespace sonde
