// SPDX-License-Identifier: Apache-2.0
// YAML text as a tree whose every part knows its line: the only user of yaml-cpp. Bounded in bytes,
// depth and nodes; what a configuration has no use for and what surprises people (aliases, tags,
// a key twice, a second document) is refused. Stateless, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace sonde {

constexpr std::size_t kYamlMaxBytes = std::size_t{256} * 1024;
constexpr std::size_t kYamlMaxDepth = 16;      // of mappings and sequences in one another
constexpr std::size_t kYamlMaxNodes = 10'000;  // keys and values together

struct YamlNode {
  enum class Kind : std::uint8_t { kNull, kText, kSequence, kMapping };

  Kind kind = Kind::kNull;
  std::uint32_t line = 1;               // where it begins, from 1
  std::string text = {};                // of kText: valid UTF-8; numbers and booleans are text too
  std::string key = {};                 // of a child of kMapping, unique among its siblings
  std::uint32_t key_line = 0;           // likewise
  std::vector<YamlNode> children = {};  // of kSequence and kMapping, in the order of the text
};

// `text`, `a list`, `a mapping`, `nothing`: what a message calls the node.
std::string_view name_of(YamlNode::Kind kind);

// Parses one document. Nothing but comments is kNull.
//
// name    of the text, for messages: `NAME:LINE: what is wrong`.
// errors  kInvalidArgument (not YAML, not UTF-8, or something that is refused), kOutOfRange (a
//         limit).
Result<YamlNode> parse_yaml(std::string_view text, std::string_view name);

}  // namespace sonde
