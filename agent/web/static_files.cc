// SPDX-License-Identifier: Apache-2.0
#include "agent/web/static_files.h"

#include <string>

#include "agent/web/etag.h"

namespace sonde {

void add_static_files(Router& router, std::span<const PageFile> files, std::string_view policy) {
  for (const PageFile& file : files) {
    router.get(std::string(file.path), [file, policy](const HttpRequest& request) {
      HttpResponse response{.content_type = std::string(file.content_type),
                            .body = std::string(file.bytes),
                            .headers = {{"Content-Security-Policy", std::string(policy)},
                                        {"Cache-Control", "no-cache"}}};
      tag_answer(request, response);
      return response;
    });
  }
}

}  // namespace sonde
