// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/svg.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>

#include "core/base/file.h"
#include "core/base/utf8.h"
#include "tests/support/sample_profile.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(SvgTest, HeaderSaysWhereWhenHowMuchAndWhatWasLost) {
  const std::string svg = encode_svg(node_profile());
  EXPECT_NE(svg.find(">web-7</text>"), std::string::npos);
  EXPECT_NE(svg.find("2025-06-13 14:02:00 to 14:02:30 UTC"), std::string::npos);
  EXPECT_NE(svg.find(" samples at 99 Hz"), std::string::npos);
  EXPECT_NE(svg.find("2 lost ("), std::string::npos);
  EXPECT_NE(svg.find("process_gone 1"), std::string::npos);
  EXPECT_NE(svg.find("runtime / JIT"), std::string::npos);
}

TEST(SvgTest, EveryFrameHasATitleAndLimitsAreKept) {
  for (const auto& profile : {node_profile(), large_profile(26'000)}) {
    const std::string svg = encode_svg(profile);
    const std::size_t frames = count_of(svg, "<g class=\"f\"");
    EXPECT_EQ(count_of(svg, "<title>"), frames + 1);  // and that of the document
    EXPECT_LE(frames, kMaxFramesOfSvg);
  }
  EXPECT_NE(encode_svg(large_profile(26'000)).find("smallest frames ("), std::string::npos);
}

TEST(SvgTest, NothingInItLoadsAnything) {
  const std::string svg = encode_svg(hostile_profile());
  for (const char* part :
       {"href", "foreignObject", "@import", "@font-face", "<image", "<a ", "javascript:", " on"}) {
    const auto at = svg.find(part);
    if (std::string(part) != " on") {
      EXPECT_EQ(at, std::string::npos) << part;
    }
  }
  EXPECT_EQ(count_of(svg, "<script"), 1U);
  EXPECT_EQ(count_of(svg, "url("), count_of(svg, "url(#hatch)"));
}

TEST(SvgTest, HostileNamesStayText) {
  const std::string svg = encode_svg(hostile_profile());
  EXPECT_TRUE(is_valid_utf8(svg));
  EXPECT_EQ(count_of(svg, "<img"), 0U);
  EXPECT_NE(svg.find("&lt;script&gt;document.title=&#39;owned&#39;"), std::string::npos);
  EXPECT_NE(svg.find("\\u202e"), std::string::npos);
  EXPECT_EQ(svg.find("\xe2\x80\xae"), std::string::npos);
}

TEST(SvgTest, XmlParsersAcceptEveryPicture) {
  if (std::system("xmllint --version >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "needs xmllint (package libxml2-utils)";
  }
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "picture.svg";
  for (const auto& profile : {small_profile(), hostile_profile(), node_profile(),
                              large_profile(24'000), SymbolizedProfile{}}) {
    ASSERT_TRUE(write_file_atomically(path, encode_svg(profile)).ok());
    const int status = std::system(("xmllint --noout --nonet " + path).c_str());
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
}

}  // namespace
}  // namespace sonde
