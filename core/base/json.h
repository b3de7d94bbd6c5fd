// SPDX-License-Identifier: Apache-2.0
// JSON values: the only header that includes nlohmann-json. Objects keep the order of insertion,
// so that output is stable. Parsing and writing never throw.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace sonde {

using Json = nlohmann::ordered_json;

// Parses one JSON document.
//
// errors  kInvalidArgument  not JSON; the message gives the byte offset.
// cost    linear; nesting is not limited, callers cap the size of `text`.
Result<Json> parse_json(std::string_view text);

// The document as text. Bytes that are not UTF-8 become U+FFFD: names come from foreign files.
//
// indent  spaces per level; -1 = one line.
std::string json_text(const Json& value, int indent = -1);

}  // namespace sonde
