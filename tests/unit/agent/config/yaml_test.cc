// SPDX-License-Identifier: Apache-2.0
#include "agent/config/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Kind = YamlNode::Kind;

YamlNode parse(const std::string& text) {
  auto tree = parse_yaml(text, "x.yaml");
  if (!tree) {
    ADD_FAILURE() << tree.error().message;
    return {};
  }
  return *std::move(tree);
}

std::string error(const std::string& text) {
  const auto tree = parse_yaml(text, "x.yaml");
  return tree ? "no error" : tree.error().message;
}

TEST(YamlTest, EveryPartKnowsItsLine) {
  const YamlNode tree = parse("# first\n\nrate: 19\nlisten: 'a: b'\nlist:\n  - x\n  - {k: v}\n");
  ASSERT_EQ(tree.kind, Kind::kMapping);
  EXPECT_EQ(tree.line, 3U);
  ASSERT_EQ(tree.children.size(), 3U);
  EXPECT_EQ(tree.children[0].key, "rate");
  EXPECT_EQ(tree.children[0].text, "19");
  EXPECT_EQ(tree.children[1].key_line, 4U);
  EXPECT_EQ(tree.children[1].text, "a: b");
  const YamlNode& list = tree.children[2];
  ASSERT_EQ(list.kind, Kind::kSequence);
  ASSERT_EQ(list.children.size(), 2U);
  EXPECT_EQ(list.children[0].line, 6U);
  EXPECT_EQ(list.children[1].children.at(0).key, "k");
  EXPECT_EQ(list.children[1].line, 7U);
}

TEST(YamlTest, NothingButCommentsIsNothing) {
  for (const char* text : {"", "\n\n", "# only this\n", "---\n", "~\n"}) {
    EXPECT_EQ(parse(text).kind, Kind::kNull) << text;
  }
  EXPECT_EQ(parse("rate:\n").children.at(0).kind, Kind::kNull);
  EXPECT_EQ(parse("rate: ''\n").children.at(0).kind, Kind::kText);
}

TEST(YamlTest, NumbersAndBooleansStayTheTextThatSomebodyWrote) {
  const YamlNode tree = parse("a: 0x13\nb: off\nc: 1e3\nd: no\n");
  EXPECT_EQ(tree.children[0].text, "0x13");
  EXPECT_EQ(tree.children[1].text, "off");
  EXPECT_EQ(tree.children[2].text, "1e3");
  EXPECT_EQ(tree.children[3].text, "no");
}

TEST(YamlTest, WhatIsNotYamlNamesTheLine) {
  EXPECT_THAT(error("a: 1\nb: [\n"), StartsWith("x.yaml:"));
  EXPECT_THAT(error("a: 1\n b: 2\nc\n"), StartsWith("x.yaml:2: "));
  EXPECT_THAT(error("a: 1\n\tb: 2\n"), StartsWith("x.yaml:"));
}

TEST(YamlTest, AQuoteWithoutEndIsAMistakeAndSwallowsNothing) {
  EXPECT_THAT(error("a: 'no end\n"), HasSubstr("EOF in scalar"));
  EXPECT_THAT(error("a: \"no end\n\n\nb: 3\n"), HasSubstr("EOF in scalar"));
  EXPECT_THAT(error("a: 'no end"), HasSubstr("EOF in scalar"));
  EXPECT_EQ(parse("a: |\n  x\n").children.at(0).text, "x\n");
  EXPECT_EQ(parse("a: |\n  x").children.at(0).text, "x\n");
}

TEST(YamlTest, WhatSurprisesIsRefused) {
  EXPECT_THAT(error("a: 1\nb: 2\na: 3\n"), HasSubstr("x.yaml:3: a stands twice, first in line 1"));
  EXPECT_THAT(error("a: 1\nb: &x 2\n"), HasSubstr("x.yaml:2: anchors are not read"));
  EXPECT_THAT(error("a: &x 1\nb: *x\n"), HasSubstr("x.yaml:1: anchors are not read"));
  EXPECT_THAT(error("a: !!int 1\n"), HasSubstr("x.yaml:1: tags are not read"));
  EXPECT_THAT(error("a: !local {b: c}\n"), HasSubstr("x.yaml:1: tags are not read"));
  EXPECT_THAT(error("a: 1\n---\nb: 2\n"), HasSubstr("a second document begins"));
  EXPECT_THAT(error("[a, b]: 1\n"), HasSubstr("a key must be text, not a list"));
  EXPECT_THAT(error("? {a: b}\n: 1\n"), HasSubstr("a key must be text, not a mapping"));
  EXPECT_THAT(error("~: 1\n"), HasSubstr("a key must be text, not nothing"));
}

TEST(YamlTest, EscapesThatTheParserGetsWrongAreRefused) {
  EXPECT_EQ(parse(R"(a: "\u00fc\x41")").children.at(0).text,
            "\xc3\xbc"
            "A");
  EXPECT_THAT(error(R"(a: "\N")"), HasSubstr("x.yaml:1: an escape that gives no UTF-8"));
  EXPECT_THAT(error(R"("\_": 1)"), HasSubstr("an escape that gives no UTF-8"));
  EXPECT_THAT(error(R"(a: "\ud800")"), HasSubstr("x.yaml:1: "));
}

TEST(YamlTest, BytesThatTheParserWouldDropAreRefused) {
  EXPECT_THAT(error("a: 1\nb: \x04\nc: 3\n"), HasSubstr("x.yaml:2: a control character"));
  EXPECT_THAT(error(std::string("a: 1\0b", 6)), HasSubstr("x.yaml:1: a control character"));
  EXPECT_THAT(error("a: 1\n\nb: \xff\n"), HasSubstr("x.yaml:3: not UTF-8"));
  EXPECT_THAT(error("a: \xc2\x85\n"), HasSubstr("x.yaml:1: a control character"));
  EXPECT_EQ(parse("a: gr\xc3\xbc\xc3\x9f\r\n").children.at(0).text, "gr\xc3\xbc\xc3\x9f");
}

TEST(YamlTest, DepthIsBounded) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + "x" + std::string(depth, ']') + "\n";
  };
  EXPECT_EQ(parse(nested(kYamlMaxDepth)).kind, Kind::kSequence);
  EXPECT_THAT(error(nested(kYamlMaxDepth + 1)), HasSubstr("x.yaml:1: nested more than 16 deep"));
  // Far deeper than any stack would bear.
  EXPECT_THAT(error(std::string(200'000, '[')), HasSubstr("nested more than 16 deep"));
  std::string blocks;
  for (std::size_t i = 0; i < 400; ++i) blocks += std::string(i, ' ') + "a:\n";
  EXPECT_THAT(error(blocks), HasSubstr("nested more than 16 deep"));
}

TEST(YamlTest, SizeAndNumberOfNodesAreBounded) {
  EXPECT_THAT(error(std::string(kYamlMaxBytes + 1, '#')), HasSubstr("larger than 256 KiB"));
  std::string list = "a:\n";
  for (std::size_t i = 0; i < kYamlMaxNodes; ++i) list += "- x\n";
  EXPECT_THAT(error(list), HasSubstr("more than 10000 keys and values"));
}

}  // namespace
}  // namespace sonde
