// SPDX-License-Identifier: Apache-2.0
#include "agent/web/router.h"

#include <algorithm>
#include <optional>

#include "agent/web/query.h"
#include "core/base/ascii.h"

namespace sonde {
namespace {

constexpr std::string_view kPostHeader = "x-sonde-request";

// What `*` stands for, empty without one; none if the path does not match.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
  if (std::count(pattern.begin(), pattern.end(), '/') !=
      std::count(path.begin(), path.end(), '/')) {
    return std::nullopt;
  }
  std::string wildcard;
  while (!pattern.empty() || !path.empty()) {
    const std::string_view wanted = next_part(pattern, '/');
    const std::string_view given = next_part(path, '/');
    if (wanted == given && wanted != "*") continue;
    if (wanted != "*" || given.empty()) return std::nullopt;
    auto decoded = percent_decode(given, PlusSign::kPlus);
    if (!decoded) return std::nullopt;
    wildcard = *std::move(decoded);
  }
  return wildcard;
}

}  // namespace

void Router::get(std::string path, HttpHandler handler) {
  routes_.push_back({std::move(path), false, std::move(handler)});
}

void Router::post(std::string path, HttpHandler handler) {
  routes_.push_back({std::move(path), true, std::move(handler)});
}

HttpResponse Router::answer(const HttpRequest& request) const {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  std::string allowed;
  for (const Route& route : routes_) {
    auto wildcard = match(route.path, request.path);
    if (!wildcard) continue;
    if (route.post ? request.method != "POST" : !reads) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(route.post ? "POST" : "GET, HEAD");
      continue;
    }
    if (route.post && !request.from_loopback) {
      return http_error(403, "a POST is taken from this machine alone");
    }
    if (route.post && request.header(kPostHeader).empty()) {
      return http_error(403, "a POST needs the header X-Sonde-Request");
    }
    if (wildcard->empty()) return route.handler(request);
    HttpRequest with_wildcard = request;
    with_wildcard.wildcard = *std::move(wildcard);
    return route.handler(with_wildcard);
  }
  if (allowed.empty()) return http_error(404, "there is nothing at " + request.path);
  HttpResponse out = http_error(405, request.method + " is not for " + request.path);
  out.headers.emplace_back("Allow", allowed);
  return out;
}

}  // namespace sonde
