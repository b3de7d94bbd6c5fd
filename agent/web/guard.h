// SPDX-License-Identifier: Apache-2.0
// Whom a listener answers: requests that name it, and no requests that a page of another site makes
// a browser send. Immutable after it is made, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/listen_address.h"
#include "agent/web/http_message.h"

namespace sonde {

class Guard {
 public:
  // Answers to the listener's own names: its address; on a loopback address `localhost` and every
  // loopback address; on a wildcard address every IP address, `localhost` and `host_name`. The port
  // is not looked at: tunnels (ssh -L, kubectl port-forward) change it, and a page that could
  // abuse another port is of another origin anyway.
  static Guard own_names(const ListenAddress& address, std::string_view host_name);
  // Answers to every name: for scrapers that reach this host under names that it does not know.
  static Guard any_name();

  // The refusal (400, 403), none if the request may be answered. Cross-site is what Sec-Fetch-Site
  // or Origin says (Fetch Metadata); links to a page may be followed from anywhere, which is
  // navigation by GET to what is not below /api/.
  [[nodiscard]] std::optional<HttpResponse> refuse(const HttpRequest& request) const;

 private:
  [[nodiscard]] bool is_own(std::string_view host) const;

  bool any_name_ = false;
  bool any_address_ = false;
  bool any_loopback_ = false;
  std::vector<std::string> names_;  // lower case
};

// `Example.com:80` -> `example.com`, `[::1]:80` -> `::1`; empty if it is no host with or without a
// port.
std::string host_without_port(std::string_view host);

}  // namespace sonde
