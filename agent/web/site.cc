// SPDX-License-Identifier: Apache-2.0
#include "agent/web/site.h"

#include <memory>
#include <utility>

#include "agent/web/compress.h"

namespace sonde {

HttpHandler make_site(Guard guard, Router router) {
  struct Site {
    Guard guard;
    Router router;
  };
  // Shared: each thread of a server has a copy of the handler.
  const auto site = std::make_shared<const Site>(Site{std::move(guard), std::move(router)});
  return [site](const HttpRequest& request) {
    if (auto refused = site->guard.refuse(request)) return *std::move(refused);
    HttpResponse response = site->router.answer(request);
    compress_answer(request, response);
    return response;
  };
}

}  // namespace sonde
