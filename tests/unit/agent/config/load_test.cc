// SPDX-License-Identifier: Apache-2.0
#include "agent/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "agent/config/settings.h"
#include "core/base/file.h"

namespace sonde {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LoadConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "sonde-config-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return folder_ + "/sonde.yaml"; }

  // Sources whose file has this text.
  ConfigSources with_file(const std::string& text) {
    EXPECT_TRUE(write_file_atomically(path(), text).ok());
    return {.flags = {path(), {}}, .environment = {}};
  }
  LoadedConfig load(const std::string& text) { return load_config(with_file(text)); }

  // The same without the folder in front of each problem.
  std::vector<std::string> problems(const std::string& text) {
    std::vector<std::string> out = load(text).problems;
    for (std::string& problem : out) {
      if (problem.starts_with(folder_)) problem.erase(0, folder_.size() + 1);
    }
    return out;
  }

  std::string folder_;
};

TEST_F(LoadConfigTest, WithoutAnythingTheDefaultsHold) {
  const LoadedConfig loaded = load("");
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->listen.text(), "127.0.0.1:7663");
  EXPECT_FALSE(loaded.config->telemetry_listen);
  EXPECT_EQ(loaded.config->state_dir, "/var/lib/sonde");
  EXPECT_EQ(loaded.config->rate_hz, 19U);
  EXPECT_THAT(loaded.notes, IsEmpty());
  for (const ConfigValue& value : loaded.values) EXPECT_EQ(value.source, "default");
}

TEST_F(LoadConfigTest, FlagsWinOverTheEnvironmentAndThatOverTheFile) {
  ConfigSources sources = with_file("rate: 20\nstate_dir: /file\nlisten: 127.0.0.1:1\n");
  sources.environment = {{"SONDE_RATE", "30"}, {"SONDE_STATE_DIR", "/environment"}};
  sources.flags.values = {{"rate", "40"}};
  const LoadedConfig loaded = load_config(sources);
  ASSERT_TRUE(loaded.config) << loaded.problems.at(0);
  EXPECT_EQ(loaded.config->rate_hz, 40U);
  EXPECT_EQ(loaded.config->state_dir, "/environment");
  EXPECT_EQ(loaded.config->listen.port, 1);
  ASSERT_EQ(loaded.values.size(), settings().size());
  EXPECT_THAT(loaded.values[0].source, EndsWith("/sonde.yaml:3"));
  EXPECT_EQ(loaded.values[1].source, "default");
  EXPECT_EQ(loaded.values[2].source, "SONDE_STATE_DIR");
  EXPECT_EQ(loaded.values[3].source, "--rate");
  EXPECT_EQ(loaded.values[3].text, "40");
}

TEST_F(LoadConfigTest, AnUnknownKeyHasItsLineAndTheNearestName) {
  EXPECT_THAT(problems("# x\nrate: 19\nlistn: 127.0.0.1:1\n"),
              ElementsAre("sonde.yaml:3: unknown key listn; the nearest is listen"));
  EXPECT_THAT(problems("exporters:\n  pyroscope: x\n"),
              ElementsAre("sonde.yaml:1: unknown key exporters; known are listen, "
                          "telemetry_listen, state_dir, rate, cpu_budget, memory_budget, opt_out"));
  EXPECT_THAT(problems("Rate: 19\n"),
              ElementsAre("sonde.yaml:1: unknown key Rate; the nearest is rate"));
}

TEST_F(LoadConfigTest, EveryMistakeIsToldAtOnce) {
  EXPECT_THAT(problems("rate: 0\nlisten: here\nstat_dir: /x\ntelemetry_listen: [a]\nstate_dir:\n"),
              ElementsAre(HasSubstr("sonde.yaml:1: rate must be a whole number"),
                          HasSubstr("sonde.yaml:2: listen must be ADDRESS:PORT"),
                          HasSubstr("sonde.yaml:3: unknown key stat_dir"),
                          "sonde.yaml:4: telemetry_listen must have one value, not a list",
                          "sonde.yaml:5: state_dir must have one value, not nothing"));
}

TEST_F(LoadConfigTest, AWrongValueIsAMistakeEvenWhereAnotherOverridesIt) {
  ConfigSources sources = with_file("rate: many\n");
  sources.flags.values = {{"rate", "40"}};
  EXPECT_THAT(load_config(sources).problems, ElementsAre(HasSubstr(":1: rate must be")));
}

TEST_F(LoadConfigTest, AFileThatIsNoMappingIsAMistake) {
  EXPECT_THAT(problems("just text\n"), ElementsAre(HasSubstr("must be lines such as `rate: 19`")));
  EXPECT_THAT(problems("- rate\n"), ElementsAre(HasSubstr("not a list")));
  EXPECT_THAT(problems("rate: 19\nrate: 20\n"), ElementsAre(HasSubstr("rate stands twice")));
}

TEST_F(LoadConfigTest, AFileThatCannotBeReadIsAMistake) {
  const auto of = [](const std::string& file) {
    return load_config({.flags = {file, {}}, .environment = {}}).problems;
  };
  EXPECT_THAT(of(path()), ElementsAre(HasSubstr("No such file")));
  EXPECT_THAT(of(folder_), ElementsAre(HasSubstr("not a file")));
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_THAT(of(path()), ElementsAre(HasSubstr("not a file")))
      << "and it does not wait for a writer";
  EXPECT_THAT(problems(std::string(300 * 1024, '#')), ElementsAre(HasSubstr("larger than")));
}

TEST_F(LoadConfigTest, TheFileMayBeNamedByTheEnvironment) {
  ConfigSources sources = with_file("rate: 20\n");
  sources.flags.file.reset();
  sources.environment = {{"SONDE_CONFIG", path()}};
  const LoadedConfig loaded = load_config(sources);
  EXPECT_EQ(loaded.file, path());
  EXPECT_EQ(loaded.config.value().rate_hz, 20U);
}

TEST_F(LoadConfigTest, AVariableThatIsATypoAwayIsAMistakeOthersAreLeftAlone) {
  ConfigSources sources = with_file("");
  sources.environment = {{"SONDE_LISTN", "127.0.0.1:1"},
                         {"SONDE_RATES", "20"},
                         {"SONDE_PORT", "tcp://10.0.0.1:80"},  // of a Kubernetes service `sonde`
                         {"SONDE_SERVICE_HOST", "10.0.0.1"},
                         {"SONDE_PORT_80_TCP_ADDR", "10.0.0.1"},
                         {"SONDE_LOG", "debug"},
                         {"SONDE_CACHE_DIR", "/x"},
                         {"SONDE_STATE_DIR", ""},  // not set
                         {"PATH", "/bin"}};
  EXPECT_THAT(load_config(sources).problems,
              ElementsAre("SONDE_LISTN: unknown variable; the nearest is SONDE_LISTEN",
                          "SONDE_RATES: unknown variable; the nearest is SONDE_RATE"));
}

TEST_F(LoadConfigTest, AWrongVariableIsNamed) {
  ConfigSources sources = with_file("");
  sources.environment = {{"SONDE_RATE", "x"}};
  EXPECT_THAT(load_config(sources).problems, ElementsAre(HasSubstr("SONDE_RATE: rate must be")));
}

TEST_F(LoadConfigTest, BothListenersNeedPortsOfTheirOwn) {
  EXPECT_THAT(problems("listen: 127.0.0.1:9\ntelemetry_listen: 0.0.0.0:9\n"),
              ElementsAre(HasSubstr("sonde.yaml:2: telemetry_listen 0.0.0.0:9 collides with listen "
                                    "127.0.0.1:9 (")));
  EXPECT_THAT(problems("listen: 127.0.0.1:0\ntelemetry_listen: 0.0.0.0:0\n"), IsEmpty());
}

TEST_F(LoadConfigTest, AListenerThatOthersReachIsNoted) {
  const LoadedConfig loaded = load("listen: 0.0.0.0:7663\n");
  EXPECT_TRUE(loaded.config);
  EXPECT_THAT(loaded.notes, ElementsAre(HasSubstr("whoever reaches it sees the profiles")));
}

TEST_F(LoadConfigTest, OtherUsersThanRootKeepTheirStateAtHome) {
  ConfigSources sources = with_file("");
  sources.root = false;
  EXPECT_EQ(load_config(sources).config.value().state_dir, "/var/lib/sonde");
  sources.environment = {{"HOME", "/users/x"}};
  EXPECT_EQ(load_config(sources).config.value().state_dir, "/users/x/.local/state/sonde");
  sources.environment["XDG_STATE_HOME"] = "/state";
  EXPECT_EQ(load_config(sources).config.value().state_dir, "/state/sonde");
  sources.root = true;
  EXPECT_EQ(load_config(sources).config.value().state_dir, "/var/lib/sonde");
}

}  // namespace
}  // namespace sonde
