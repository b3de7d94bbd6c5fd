// SPDX-License-Identifier: Apache-2.0
// Which handler answers a path. Filled once, then immutable and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/web/http_message.h"

namespace sonde {

class Router {
 public:
  // A GET of `path` changes nothing; HEAD asks the same handler. One segment of the path may be
  // `*`: it matches one that is not empty, which the handler finds decoded in
  // HttpRequest::wildcard.
  void get(std::string path, HttpHandler handler);
  // A POST changes something: it must come from this machine and carry the header
  // `X-Sonde-Request`, which no form and no simple cross-site request can: browsers ask first (CORS
  // preflight), and OPTIONS is not answered.
  void post(std::string path, HttpHandler handler);

  // 404 for a path that nobody took, 405 with Allow for a method that nobody took there, 403 for a
  // POST from elsewhere or without its header.
  [[nodiscard]] HttpResponse answer(const HttpRequest& request) const;

 private:
  struct Route {
    std::string path;
    bool post = false;
    HttpHandler handler;
  };

  std::vector<Route> routes_;
};

}  // namespace sonde
