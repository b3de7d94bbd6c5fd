// SPDX-License-Identifier: Apache-2.0
// The one way into nlohmann-json: objects keep the order their keys were added in, and text with
// invalid UTF-8 (any name may be hostile) is written with replacement characters, never thrown at.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sonde {

using Json = nlohmann::ordered_json;

// indent  spaces a level; -1 = one line.
inline std::string json_text(const Json& value, int indent = -1) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sonde
