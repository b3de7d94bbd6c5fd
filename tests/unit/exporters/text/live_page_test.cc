// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/live_page.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sonde {
namespace {

std::string_view bytes_of(std::string_view path) {
  for (const PageFile& file : live_page_files()) {
    if (file.path == path) return file.bytes;
  }
  return {};
}

TEST(LivePageTest, ThePageComesFirstAndEveryFileIsThereOnce) {
  std::set<std::string_view> paths;
  for (const PageFile& file : live_page_files()) {
    EXPECT_TRUE(paths.insert(file.path).second) << file.path;
    EXPECT_TRUE(file.path.starts_with("/"));
    EXPECT_FALSE(file.bytes.empty()) << file.path;
    EXPECT_FALSE(file.content_type.empty()) << file.path;
  }
  ASSERT_FALSE(live_page_files().empty());
  EXPECT_EQ(live_page_files().front().path, "/");
  EXPECT_EQ(live_page_files().front().content_type, "text/html; charset=utf-8");
}

TEST(LivePageTest, WhatThePageLoadsIsAmongTheFiles) {
  const std::string_view page = bytes_of("/");
  for (const std::string_view path : {"/page.js", "/page.css", "/mark.svg"}) {
    EXPECT_NE(page.find("=\"" + std::string(path) + "\""), std::string_view::npos) << path;
    EXPECT_FALSE(bytes_of(path).empty()) << path;
  }
}

TEST(LivePageTest, TheSecondScriptIsAskedForByTheFirstAndImportsItAlone) {
  EXPECT_NE(bytes_of("/page.js").find("import(\"/more.js\")"), std::string_view::npos);
  const std::string_view second = bytes_of("/more.js");
  EXPECT_TRUE(second.starts_with("import{")) << second.substr(0, 80);
  EXPECT_NE(second.find("from\"/page.js\";"), std::string_view::npos);
  EXPECT_EQ(second.find("import", 1), std::string_view::npos);
}

TEST(LivePageTest, ThePageHasNoInlineScriptOrStyle) {
  const std::string_view page = bytes_of("/");
  EXPECT_EQ(page.find("<style"), std::string_view::npos);
  EXPECT_EQ(page.find(" style="), std::string_view::npos);
  EXPECT_EQ(page.find("<script>"), std::string_view::npos);
  EXPECT_EQ(page.find("javascript:"), std::string_view::npos);
}

TEST(LivePageTest, ThePolicyAllowsNothingUnsafeAndNothingForeign) {
  const std::string_view policy = live_page_policy();
  EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self';")) << policy;
  for (const std::string_view part :
       {"frame-ancestors 'none'", "require-trusted-types-for 'script'"}) {
    EXPECT_NE(policy.find(part), std::string_view::npos) << part;
  }
  for (const std::string_view part : {"unsafe", "*", "http", "data:", "blob:"}) {
    EXPECT_EQ(policy.find(part), std::string_view::npos) << part;
  }
}

}  // namespace
}  // namespace sonde
