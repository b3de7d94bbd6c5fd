// SPDX-License-Identifier: Apache-2.0
#include "core/base/json.h"

namespace sonde {

Result<Json> parse_json(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& bad) {
    return Error{ErrorCode::kInvalidArgument, "not JSON at byte " + std::to_string(bad.byte)};
  } catch (const Json::exception& bad) {
    return Error{ErrorCode::kInvalidArgument, std::string("not JSON: ") + bad.what()};
  }
}

std::string json_text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sonde
