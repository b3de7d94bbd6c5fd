// SPDX-License-Identifier: Apache-2.0
#include "agent/web/guard.h"

#include <algorithm>

#include "core/base/ascii.h"

namespace sonde {
namespace {

HttpResponse refusal(int status, HttpRefusal reason, std::string_view why) {
  HttpResponse out = http_error(status, why);
  out.refusal = reason;
  return out;
}

// The address if the text is one, written as a listener's.
std::optional<ListenAddress> address_of(const std::string& host) {
  if (host == "localhost") return std::nullopt;
  const bool ipv6 = host.find(':') != std::string::npos;
  auto address = parse_listen_address((ipv6 ? "[" + host + "]" : host) + ":0");
  if (!address) return std::nullopt;
  return *std::move(address);
}

bool is_navigation(const HttpRequest& request) {
  return (request.method == "GET" || request.method == "HEAD") &&
         request.header("sec-fetch-mode") == "navigate" &&
         request.header("sec-fetch-dest") == "document" && !request.path.starts_with("/api/");
}

bool is_cross_site(const HttpRequest& request) {
  const std::string_view site = request.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none" && !is_navigation(request)) {
    return true;
  }
  // Browsers that do not send Sec-Fetch-Site say Origin with everything but plain GETs.
  const std::string_view origin = request.header("origin");
  return !origin.empty() && lower(origin) != "http://" + lower(request.header("host"));
}

}  // namespace

std::string host_without_port(std::string_view host) {
  std::string_view port;
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return "";
    port = host.substr(end + 1);
    host = host.substr(1, end - 1);
  } else if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
    port = host.substr(colon);
    host = host.substr(0, colon);
  }
  const bool is_port = port.empty() || (port.size() <= 6 && port[0] == ':' &&
                                        port.find_first_not_of("0123456789", 1) == port.npos);
  if (!is_port) return "";
  if (host.ends_with('.')) host.remove_suffix(1);  // a name from its root
  return lower(host);
}

Guard Guard::own_names(const ListenAddress& address, std::string_view host_name) {
  Guard out;
  out.names_.push_back(address.ip);
  out.any_loopback_ = address.is_loopback() || address.is_wildcard();
  out.any_address_ = address.is_wildcard();
  if (out.any_loopback_) out.names_.emplace_back("localhost");
  if (address.is_wildcard() && !host_name.empty()) out.names_.push_back(lower(host_name));
  return out;
}

Guard Guard::any_name() {
  Guard out;
  out.any_name_ = true;
  return out;
}

bool Guard::is_own(std::string_view host) const {
  const std::string name = host_without_port(host);
  if (name.empty()) return false;
  if (std::find(names_.begin(), names_.end(), name) != names_.end()) return true;
  const auto address = address_of(name);
  if (!address) return false;
  return any_address_ || (any_loopback_ && address->is_loopback()) || address->ip == names_.front();
}

std::optional<HttpResponse> Guard::refuse(const HttpRequest& request) const {
  const std::string_view host = request.header("host");
  if (host.empty()) {
    return refusal(400, HttpRefusal::kMalformed, "the request has no Host");
  }
  if (!any_name_ && !is_own(host)) {
    return refusal(403, HttpRefusal::kForeignHost,
                   "this listener does not answer under that Host; use its address or localhost");
  }
  if (is_cross_site(request)) {
    return refusal(403, HttpRefusal::kCrossSite, "requests of pages of other sites are refused");
  }
  return std::nullopt;
}

}  // namespace sonde
