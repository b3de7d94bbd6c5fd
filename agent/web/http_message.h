// SPDX-License-Identifier: Apache-2.0
// A request and its answer, as handlers see them: nothing of sockets or of a library. Plain data.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/web/loss.h"

namespace sonde {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;   // GET, HEAD, POST or another word of capitals
  std::string path;     // begins with a slash; percent-encoding as it was sent
  std::string query;    // what stood behind `?`, as it was sent
  HttpHeaders headers;  // names in lower case
  std::string body;
  std::string wildcard;        // what Router matched with `*`, decoded
  bool from_loopback = false;  // the client's address is of this machine alone

  // The value of a header, empty if it is missing. `name` in lower case.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return {};
  }
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body = {};
  HttpHeaders headers = {};                           // besides Content-Type and -Length
  std::optional<HttpRefusal> refusal = std::nullopt;  // to be counted
};

// Called by several threads at once. What it throws becomes a 500.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

// {"error": message} and a status.
HttpResponse http_error(int status, std::string_view message);

}  // namespace sonde
