// SPDX-License-Identifier: Apache-2.0
#include "agent/web/http_message.h"

#include "core/base/json.h"

namespace sonde {

HttpResponse http_error(int status, std::string_view message) {
  return {.status = status, .body = json_text(Json{{"error", message}}) + "\n"};
}

}  // namespace sonde
