// SPDX-License-Identifier: Apache-2.0
#include "agent/config/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "agent/config/load.h"
#include "core/base/file.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;

// Tests run in the root of the tree.
std::string page(const char* path) {
  auto text = read_file(path, 1'000'000);
  if (!text) ADD_FAILURE() << text.error().message;
  return text ? *std::move(text) : "";
}

std::string set(std::string_view key, std::string_view value) {
  const auto all = settings();
  const auto setting =
      std::find_if(all.begin(), all.end(), [&](const Setting& one) { return one.key == key; });
  if (setting == all.end()) return "no such key";
  Config config;
  const auto done = setting->set(value, config);
  return done ? setting->get(config) : "error: " + done.error().message;
}

TEST(SettingsTest, EveryDefaultIsValidAndReadsAsItIsWritten) {
  for (const Setting& setting : settings()) {
    EXPECT_EQ(set(setting.key, setting.fallback), setting.fallback) << setting.key;
  }
}

TEST(SettingsTest, NamesFollowFromTheKey) {
  for (const Setting& setting : settings()) {
    std::string variable = "SONDE_";
    std::string flag = "--";
    for (const char c : setting.key) {
      variable += static_cast<char>(std::toupper(c));
      flag += c == '_' ? '-' : c;
    }
    EXPECT_EQ(setting.variable, variable);
    EXPECT_EQ(setting.flag, flag);
  }
}

TEST(SettingsTest, RatesAreWholeHertzWithinBounds) {
  EXPECT_EQ(set("rate", "1"), "1");
  EXPECT_EQ(set("rate", "1000"), "1000");
  for (const char* wrong : {"", "0", "1001", "-19", "+19", "19.5", "19 Hz", " 19", "0x13", "1e2",
                            "99999999999999999999"}) {
    EXPECT_THAT(set("rate", wrong), HasSubstr("from 1 to 1000")) << wrong;
  }
}

TEST(SettingsTest, TheStateDirectoryIsAnAbsolutePath) {
  EXPECT_EQ(set("state_dir", "/srv/with space/gr\xc3\xbcn"), "/srv/with space/gr\xc3\xbcn");
  EXPECT_THAT(set("state_dir", "state"), HasSubstr("absolute path"));
  EXPECT_THAT(set("state_dir", ""), HasSubstr("absolute path"));
  EXPECT_THAT(set("state_dir", "/a\nb"), HasSubstr("on one line"));
  EXPECT_THAT(set("state_dir", "/a\xff"), HasSubstr("UTF-8"));
  EXPECT_THAT(set("state_dir", "/" + std::string(5000, 'a')), HasSubstr("longer than a path"));
}

TEST(SettingsTest, BudgetsAreAmountsWithinBoundsOrOff) {
  EXPECT_EQ(set("cpu_budget", "0.5"), "0.5");
  EXPECT_EQ(set("cpu_budget", "100000"), "100000");
  EXPECT_EQ(set("cpu_budget", "off"), "off");
  for (const char* wrong : {"", "0", "-1", "2%", "1e2", "nan", "inf", "100001", "on"}) {
    EXPECT_THAT(set("cpu_budget", wrong), HasSubstr("percentage of one core")) << wrong;
  }
  EXPECT_EQ(set("memory_budget", "16MiB"), "16MiB");
  EXPECT_EQ(set("memory_budget", "off"), "off");
  for (const char* wrong : {"", "160", "15MiB", "160 MiB", "1.5MiB", "160MB", "1048577MiB", "-1MiB",
                            "99999999999999999999999MiB"}) {
    EXPECT_THAT(set("memory_budget", wrong), HasSubstr("whole number of MiB")) << wrong;
  }
}

TEST(SettingsTest, OptOutsAreConditionsOfProcesses) {
  EXPECT_EQ(set("opt_out", "off"), "off");
  EXPECT_EQ(set("opt_out", "process=backup"), "process=backup");
  EXPECT_EQ(set("opt_out", "pid=7;  {cgroup=~\"/a/.*\"}"), "pid=7; {cgroup=~\"/a/.*\"}");
  EXPECT_THAT(set("opt_out", ""), HasSubstr("no condition"));
  EXPECT_THAT(set("opt_out", "thread=x"), HasSubstr("none of process, pid, cgroup, image"));
  EXPECT_THAT(set("opt_out", "process=~("), HasSubstr("error: "));
}

TEST(SettingsTest, TelemetryIsAnAddressOrOff) {
  EXPECT_EQ(set("telemetry_listen", "off"), "off");
  EXPECT_EQ(set("telemetry_listen", "0.0.0.0:9763"), "0.0.0.0:9763");
  EXPECT_THAT(set("telemetry_listen", "none"), HasSubstr("or off"));
}

TEST(SettingsTest, ThePageOfTheDocumentationHasTheseRowsAndNoOthers) {
  const std::string text = page("docs/configuration.md");
  std::size_t rows = 0;
  for (std::size_t at = 0; (at = text.find("\n| `", at)) != std::string::npos; ++at) ++rows;
  EXPECT_EQ(rows, settings().size());
  for (const Setting& setting : settings()) {
    std::string row = "\n";
    for (const std::string_view cell :
         {setting.key, setting.variable, setting.flag, setting.fallback}) {
      row += "| `" + std::string(cell) + "` ";
    }
    EXPECT_THAT(text, HasSubstr(row + "| " + std::string(setting.meaning) + " |\n"));
  }
}

TEST(SettingsTest, TheFileOnThePageIsValid) {
  const std::string text = page("docs/configuration.md");
  const std::string begin = "```yaml\n";
  const std::size_t at = text.find(begin);
  ASSERT_NE(at, std::string::npos);
  const std::string file =
      text.substr(at + begin.size(), text.find("```", at + 3) - at - begin.size());
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "documented.yaml";
  ASSERT_TRUE(write_file_atomically(path, file).ok());
  const LoadedConfig loaded = load_config({.flags = {path, {}}, .environment = {}});
  EXPECT_THAT(loaded.problems, ::testing::IsEmpty());
  for (const ConfigValue& value : loaded.values) {
    EXPECT_THAT(value.source, HasSubstr(path)) << value.key << " is not in the documented file";
  }
}

TEST(SettingsTest, TheManualPageHasEveryName) {
  const std::string text = page("docs/sonde.1");
  for (const Setting& setting : settings()) {
    std::string flag;
    for (const char c : setting.flag) flag += c == '-' ? "\\-" : std::string(1, c);
    EXPECT_THAT(text, HasSubstr(".BR " + std::string(setting.key) + " \", \" " +
                                std::string(setting.variable) + " \", \" " + flag + " "));
    EXPECT_THAT(text, HasSubstr(std::string(setting.fallback) + " if not given"));
  }
  EXPECT_THAT(text, HasSubstr(std::string(kConfigPath)));
}

}  // namespace
}  // namespace sonde
