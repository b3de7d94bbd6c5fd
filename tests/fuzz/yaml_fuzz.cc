// SPDX-License-Identifier: Apache-2.0
// Any text is a tree within its limits, or an error that names a line of the text.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/config/yaml.h"
#include "core/base/utf8.h"

namespace {

void check(const sonde::YamlNode& node, std::size_t lines, std::size_t depth) {
  if (depth > sonde::kYamlMaxDepth || node.line < 1 || node.line > lines) std::abort();
  if (!sonde::is_valid_utf8(node.text)) std::abort();
  for (const sonde::YamlNode& child : node.children) {
    check(child, lines, depth + 1);
    if (node.kind != sonde::YamlNode::Kind::kMapping) continue;
    if (std::count_if(node.children.begin(), node.children.end(),
                      [&](const auto& other) { return other.key == child.key; }) != 1) {
      std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // A line may also end in a carriage return.
  const auto lines = static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }));
  const auto tree = sonde::parse_yaml(text, "");
  if (tree) {
    check(*tree, lines + 2, 0);
  } else if (!tree.error().message.starts_with(':')) {
    std::abort();
  }
  return 0;
}
