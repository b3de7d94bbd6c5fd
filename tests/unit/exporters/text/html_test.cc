// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/html.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "core/base/utf8.h"
#include "tests/support/sample_profile.h"

namespace sonde {
namespace {

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const auto from = text.find(begin);
  const auto to = text.find(end, from + begin.size());
  if (from == std::string::npos || to == std::string::npos) return {};
  return text.substr(from + begin.size(), to - from - begin.size());
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(HtmlTest, ThePolicyAllowsOnlyTheTwoHashedBlocks) {
  const std::string html = encode_html(small_profile());
  const std::string policy = between(html, "Content-Security-Policy\" content=\"", "\">");
  EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'sha256-")) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_NE(policy.find("require-trusted-types-for 'script'"), std::string::npos);
  EXPECT_EQ(count_of(html, "<script"), 2U);
  EXPECT_EQ(count_of(html, "<style"), 1U);
  EXPECT_EQ(count_of(html, " style="), 0U);
}

TEST(HtmlTest, HostileProfilesAddNoMarkup) {
  const std::string plain = encode_html(small_profile());
  const std::string hostile = encode_html(hostile_profile());
  EXPECT_TRUE(is_valid_utf8(hostile));
  for (const char* tag : {"<script", "</script", "<img", "<!--", "<svg", "</title"}) {
    EXPECT_EQ(count_of(hostile, tag), count_of(plain, tag)) << tag;
  }
}

TEST(HtmlTest, TheDataIsTheFlamePayload) {
  const std::string html = encode_html(node_profile());
  const auto json = parse_json(between(html, "id=\"payload\">", "</script>"));
  ASSERT_TRUE(json.ok());
  EXPECT_EQ((*json)["meta"]["host"], "web-7");
}

TEST(HtmlTest, NoImportOrExportIsLeftInTheScript) {
  const std::string script =
      between(encode_html(small_profile()), "<script type=\"module\">", "</script>");
  ASSERT_FALSE(script.empty());
  EXPECT_EQ(script.find("\nimport "), std::string::npos);
  EXPECT_EQ(script.find("\nexport "), std::string::npos);
}

}  // namespace
}  // namespace sonde
