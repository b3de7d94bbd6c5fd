// SPDX-License-Identifier: Apache-2.0
#include "agent/config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "core/base/utf8.h"

namespace sonde {
namespace {

std::uint32_t line_of(const YAML::Mark& mark) {
  return mark.line < 0 ? 1 : static_cast<std::uint32_t>(mark.line) + 1;
}

// Thrown through the parser, which knows no other way to stop, and caught in parse_yaml.
struct Refusal {
  ErrorCode code;
  std::uint32_t line;
  std::string what;
};

[[noreturn]] void refuse(const YAML::Mark& mark, std::string what) {
  throw Refusal{ErrorCode::kInvalidArgument, line_of(mark), std::move(what)};
}

// Puts events together to a tree. Its own stack: a node is moved into its parent when it is closed.
class TreeBuilder : public YAML::EventHandler {
 public:
  [[nodiscard]] YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (std::exchange(begun_, true)) refuse(mark, "a second document begins; one is read");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check(mark, "", anchor);
    close({.kind = YamlNode::Kind::kNull, .line = line_of(mark)}, mark);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    refuse(mark, "aliases are not read; write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check(mark, tag, anchor);
    // yaml-cpp 0.7 writes some escapes (`\N`, `\_`) as single bytes.
    if (!is_valid_utf8(value)) refuse(mark, "an escape that gives no UTF-8");
    close({.kind = YamlNode::Kind::kText, .line = line_of(mark), .text = value}, mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Kind::kSequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close_open(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(YamlNode::Kind::kMapping, mark, tag, anchor);
  }
  void OnMapEnd() override { close_open(); }

 private:
  struct Open {
    YamlNode node;
    YAML::Mark mark;
    std::optional<YamlNode> key;  // whose value comes next
  };

  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) refuse(mark, "anchors are not read; write the value out");
    // `?` is a plain scalar, `!` a quoted one.
    if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "tags are not read: " + tag);
    if (++nodes_ > kYamlMaxNodes) {
      throw Refusal{ErrorCode::kOutOfRange, line_of(mark),
                    "more than " + std::to_string(kYamlMaxNodes) + " keys and values"};
    }
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    check(mark, tag, anchor);
    if (open_.size() == kYamlMaxDepth) {
      throw Refusal{ErrorCode::kOutOfRange, line_of(mark),
                    "nested more than " + std::to_string(kYamlMaxDepth) + " deep"};
    }
    open_.push_back({{.kind = kind, .line = line_of(mark)}, mark, std::nullopt});
  }

  void close_open() {
    Open done = std::move(open_.back());
    open_.pop_back();
    close(std::move(done.node), done.mark);
  }

  // The node is complete: it is the root, an item, a key or the value of the last key.
  void close(YamlNode node, const YAML::Mark& mark) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kSequence) {
      parent.node.children.push_back(std::move(node));
    } else if (parent.key) {
      node.key = std::move(parent.key->text);
      node.key_line = parent.key->line;
      parent.node.children.push_back(std::move(node));
      parent.key.reset();
    } else {
      check_key(node, parent.node, mark);
      parent.key = std::move(node);
    }
  }

  static void check_key(const YamlNode& node, const YamlNode& parent, const YAML::Mark& mark) {
    if (node.kind != YamlNode::Kind::kText) {
      refuse(mark, "a key must be text, not " + std::string(name_of(node.kind)));
    }
    const auto same = std::find_if(parent.children.begin(), parent.children.end(),
                                   [&](const YamlNode& child) { return child.key == node.text; });
    if (same != parent.children.end()) {
      refuse(mark, node.text + " stands twice, first in line " + std::to_string(same->key_line));
    }
  }

  YamlNode root_;
  std::vector<Open> open_;
  std::size_t nodes_ = 0;
  bool begun_ = false;
};

// yaml-cpp takes the byte 4 for the end of the text, and replaces what is not UTF-8: both would
// silently drop what somebody wrote.
void check_bytes(std::string_view text) {
  if (text.size() > kYamlMaxBytes) {
    throw Refusal{ErrorCode::kOutOfRange, 1,
                  "larger than " + std::to_string(kYamlMaxBytes / 1024) + " KiB"};
  }
  std::uint32_t line = 1;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_char_at(text, at);
    if (!c.valid) throw Refusal{ErrorCode::kInvalidArgument, line, "not UTF-8"};
    const bool control = c.code_point < 0x20 || (c.code_point >= 0x7f && c.code_point < 0xa0);
    if (c.code_point == '\n') {
      ++line;
    } else if (control && c.code_point != '\t' && c.code_point != '\r') {
      throw Refusal{ErrorCode::kInvalidArgument, line, "a control character"};
    }
    at += c.bytes;
  }
}

YamlNode parse(std::string_view text) {
  check_bytes(text);
  // yaml-cpp 0.7 takes the end of the text behind a newline for a closing quote: with a comment as
  // the last line it sees that the quote is missing.
  std::istringstream in(std::string(text) + "\n#");
  YAML::Parser parser(in);
  TreeBuilder builder;
  while (parser.HandleNextDocument(builder)) {
  }
  return builder.take();
}

Error error_at(ErrorCode code, std::string_view name, std::uint32_t line, std::string_view what) {
  return {code, std::string(name) + ":" + std::to_string(line) + ": " + std::string(what)};
}

}  // namespace

std::string_view name_of(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kText:
      return "text";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMapping:
      return "a mapping";
  }
  return "nothing";
}

Result<YamlNode> parse_yaml(std::string_view text, std::string_view name) {
  try {
    return parse(text);
  } catch (const Refusal& refusal) {
    return error_at(refusal.code, name, refusal.line, refusal.what);
  } catch (const YAML::Exception& error) {
    return error_at(ErrorCode::kInvalidArgument, name, line_of(error.mark), error.msg);
  }
}

}  // namespace sonde
