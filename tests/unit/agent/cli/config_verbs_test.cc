// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/config_verbs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/cli/help.h"
#include "agent/config/settings.h"
#include "core/base/file.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;

LoadedConfig load(const std::string& text, std::map<std::string, std::string> flags = {}) {
  static const TemporaryDirectory directory;
  const std::string path = directory.path() / "verbs.yaml";
  EXPECT_TRUE(write_file_atomically(path, text).ok());
  return load_config({.flags = {path, std::move(flags)}, .environment = {}});
}

const Pen kPen(Terminal{.utf8 = true});

TEST(ConfigVerbsTest, WhatIsPrintedIsAFileThatMeansTheSame) {
  const LoadedConfig first =
      load("state_dir: '/srv/a b # it''s: {1}'\n",
           {{"rate", "49"}, {"telemetry_listen", "[::]:1"}, {"listen", "[::1]:2"}});
  ASSERT_TRUE(first.config);
  const std::string printed = render_config(first);
  EXPECT_THAT(printed, HasSubstr("  # --rate\n"));
  const LoadedConfig again = load(printed);
  ASSERT_TRUE(again.config) << printed << again.problems.at(0);
  EXPECT_EQ(again.config->state_dir, "/srv/a b # it's: {1}");
  EXPECT_EQ(again.config->rate_hz, 49U);
  EXPECT_EQ(again.config->listen, first.config->listen);
  EXPECT_EQ(again.config->telemetry_listen, first.config->telemetry_listen);
}

TEST(ConfigVerbsTest, EveryPathThatMayBeConfiguredIsReadBack) {
  const std::vector<std::string> paths = {"/srv/x:",
                                          "/srv/x: y",
                                          "/a\tb\t",
                                          "/a ",
                                          "/\"a\\b\"",
                                          "/'",
                                          "/\x01\x04\x1b[2J\x7f",
                                          "/#",
                                          "/ #",
                                          "/\xc2\x80\xc2\x85\xc2\x9f",
                                          "/\xe2\x80\xa8\xe2\x80\xae",
                                          "/\xef\xbb\xbf",
                                          "/gr\xc3\xbc\xc3\x9f",
                                          "/\xf0\x9f\x98\x80\xf3\xa0\x80\x81",
                                          "/%@`&*!|>?{}[],~"};
  for (const std::string& path : paths) {
    const std::string printed = render_config(load("", {{"state_dir", path}}));
    const LoadedConfig again = load(printed);
    ASSERT_TRUE(again.config) << printed << again.problems.at(0);
    EXPECT_EQ(again.config->state_dir, path) << printed;
    EXPECT_EQ(printed.find('\x1b'), std::string::npos);
  }
}

TEST(ConfigVerbsTest, AFileNameCannotEndItsComment) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "sonde-config\nrate: 7 #";
  ASSERT_TRUE(write_file_atomically(path, "rate: 49\n").ok());
  const std::string printed = render_config(load_config({.flags = {path, {}}, .environment = {}}));
  EXPECT_THAT(printed, HasSubstr("sonde-config\\x0arate: 7 #:1\n"));
  EXPECT_EQ(load(printed).config.value().rate_hz, 49U);
}

TEST(ConfigVerbsTest, TheDefaultsArePrintedAsTheyAreWritten) {
  const std::string printed = render_config(load(""));
  EXPECT_THAT(printed, HasSubstr("listen: 127.0.0.1:7663     # default\n"));
  EXPECT_THAT(printed, HasSubstr("telemetry_listen: off      # default\n"));
}

TEST(ConfigVerbsTest, AVerdictAndALinePerProblem) {
  EXPECT_THAT(render_validation(load("rate: 20\n"), kPen), HasSubstr("verbs.yaml is valid.\n"));
  const std::string bad = render_validation(load("rate: 0\nratee: 1\n"), kPen);
  EXPECT_THAT(bad, HasSubstr(":1: rate must be"));
  EXPECT_THAT(bad, HasSubstr(":2: unknown key ratee"));
  EXPECT_THAT(bad, HasSubstr("\n2 problems.\n"));
  const std::string noted = render_validation(load("listen: 0.0.0.0:1\n"), kPen);
  EXPECT_THAT(noted, HasSubstr("! "));
  EXPECT_THAT(noted, HasSubstr("is valid"));
}

TEST(ConfigVerbsTest, HostileTextIsMadeHarmless) {
  const std::string bad = render_validation(load("\"\\e[2J\": 1\n"), kPen);
  EXPECT_EQ(bad.find('\x1b'), std::string::npos);
  EXPECT_THAT(bad, HasSubstr("unknown key \\x1b[2J"));
}

TEST(ConfigVerbsTest, JsonHoldsTheSame) {
  const Json bad = validation_json(load("rate: 0\n"));
  EXPECT_FALSE(bad["valid"]);
  EXPECT_EQ(bad["problems"].size(), 1U);
  EXPECT_TRUE(validation_json(load(""))["valid"]);
  const Json values = config_json(load("", {{"rate", "49"}}));
  EXPECT_EQ(values.size(), settings().size());
  EXPECT_EQ(values["rate"]["value"], "49");
  EXPECT_EQ(values["rate"]["source"], "--rate");
}

TEST(ConfigVerbsTest, TheHelpHasEveryFlag) {
  for (const char* verb : {"validate", "config"}) {
    EXPECT_THAT(std::string(help_text(verb)), HasSubstr(std::string(kConfigFlag)));
    for (const Setting& setting : settings()) {
      EXPECT_THAT(std::string(help_text(verb)), HasSubstr(std::string(setting.flag) + " "));
    }
  }
}

}  // namespace
}  // namespace sonde
