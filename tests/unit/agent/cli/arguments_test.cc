// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/cli/help.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

RecordOptions record(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "record");
  const ParsedCommand parsed = parse_command_line(arguments);
  if (const auto* stop = std::get_if<ParseStop>(&parsed)) ADD_FAILURE() << stop->text;
  return std::get<RecordOptions>(parsed);
}

DiffOptions diff(const std::vector<std::string>& arguments) {
  const ParsedCommand parsed = parse_command_line(arguments);
  if (const auto* stop = std::get_if<ParseStop>(&parsed)) ADD_FAILURE() << stop->text;
  return std::get<DiffOptions>(parsed);
}

ParseStop mistake(const std::vector<std::string>& arguments) {
  const ParsedCommand parsed = parse_command_line(arguments);
  if (!std::holds_alternative<ParseStop>(parsed)) {
    ADD_FAILURE() << "accepted: " << arguments.back();
    return {};
  }
  return std::get<ParseStop>(parsed);
}

TEST(ArgumentsTest, RecordWithoutOptionsIsTheWholeHost) {
  const RecordOptions options = record({});
  EXPECT_TRUE(options.pids.empty());
  EXPECT_FALSE(options.duration);
  EXPECT_EQ(options.rate_hz, 99U);
  EXPECT_TRUE(options.kernel);
  EXPECT_TRUE(options.output.empty());
}

TEST(ArgumentsTest, ANumberOutOfRangeIsToldTheRange) {
  for (const char* rate : {"0", "10001", "-1", "1.5", "99x", "", "99999999999"}) {
    const ParseStop stop = mistake({"record", "-F", rate});
    EXPECT_EQ(stop.exit_code, 2) << rate;
    EXPECT_THAT(stop.text, StartsWith("sonde: --frequency: " + std::string(rate) +
                                      " is not a whole number from 1 to 10000, such as 99\n"));
  }
  EXPECT_THAT(mistake({"record", "-p", "12,x"}).text,
              HasSubstr("--pid: x is not a whole number from 1 to 4194304, such as 1234"));
  EXPECT_THAT(mistake({"report", "f", "-n", "-1"}).text,
              HasSubstr("-n: -1 is not a whole number from 0 to 1000000000"));
  EXPECT_THAT(mistake({"record", "--max-mappings", "x"}).text, HasSubstr("not a whole number"));
}

TEST(ArgumentsTest, WordsThatDoNotFitAreNamed) {
  EXPECT_THAT(mistake({"record", "--frequencey", "5"}).text,
              StartsWith("sonde: there is no option --frequencey; the nearest is --frequency\n"));
  EXPECT_THAT(mistake({"record", "--rate=5"}).text,
              StartsWith("sonde: there is no option --rate\n"));
  EXPECT_THAT(mistake({"record", "--rate", "5"}).text,
              StartsWith("sonde: there is no option --rate\n"));
  EXPECT_THAT(mistake({"record", "sleep"}).text,
              StartsWith("sonde: `sleep` is not expected here; a command to record follows --\n"));
  EXPECT_THAT(mistake({"report", "a", "b"}).text, StartsWith("sonde: `b` is not expected here\n"));
  EXPECT_THAT(mistake({"record", "-F"}).text, StartsWith("sonde: --frequency needs a value\n"));
  EXPECT_THAT(mistake({"record", "-d", "1", "-d", "2"}).text,
              StartsWith("sonde: --duration is given more than once\n"));
}

TEST(ArgumentsTest, EveryOptionOfRecordArrives) {
  const RecordOptions options =
      record({"-p", "12", "-p", "13,14", "-d", "1.5s", "-F", "999", "-o", "x.folded", "--json",
              "--no-kernel", "--color", "never", "--cache-dir", "/c"});
  EXPECT_THAT(options.pids, ElementsAre(12U, 13U, 14U));
  EXPECT_EQ(options.duration, milliseconds(1500));
  EXPECT_EQ(options.rate_hz, 999U);
  EXPECT_EQ(options.format, OutputFormat::kFolded);
  EXPECT_TRUE(options.json);
  EXPECT_FALSE(options.kernel);
  EXPECT_EQ(options.colour, ColourChoice::kNever);
  EXPECT_EQ(options.cache_dir, "/c");
  const RecordOptions others = record({"-c", "/system.slice", "--comm", "redis"});
  EXPECT_EQ(others.cgroup, "/system.slice");
  EXPECT_EQ(others.comm, "redis");
}

TEST(ArgumentsTest, ConfigurationFlagsArriveByKey) {
  const ParsedCommand parsed =
      parse_command_line({"validate", "x.yaml", "--rate", "49", "--telemetry-listen", "off"});
  const auto& options = std::get<ValidateOptions>(parsed);
  EXPECT_EQ(options.config.file, "x.yaml");
  EXPECT_THAT(options.config.values,
              ElementsAre(std::pair("rate", "49"), std::pair("telemetry_listen", "off")));
  const ParsedCommand printed = parse_command_line({"config", "print", "--json", "--config", "y"});
  EXPECT_EQ(std::get<ConfigPrintOptions>(printed).config.file, "y");
  EXPECT_TRUE(std::get<ConfigPrintOptions>(printed).json);
  EXPECT_FALSE(std::get<ValidateOptions>(parse_command_line({"validate"})).config.file);
}

TEST(ArgumentsTest, StatusAsksWhereTheConfigurationSays) {
  const ParsedCommand parsed = parse_command_line({"status", "--listen", "[::1]:80", "--json"});
  const auto& options = std::get<StatusOptions>(parsed);
  EXPECT_TRUE(options.json);
  EXPECT_THAT(options.config.values, ElementsAre(std::pair("listen", "[::1]:80")));
  EXPECT_THAT(mistake({"status", "--listen", "here"}).text, HasSubstr("--listen here: "));
}

TEST(ArgumentsTest, WrongConfigurationFlagsAreMistakes) {
  EXPECT_THAT(mistake({"validate", "--rate", "0"}).text, HasSubstr("--rate 0: must be a whole"));
  EXPECT_THAT(mistake({"config", "print", "--listen", "x"}).text, HasSubstr("--listen x: must be"));
  EXPECT_THAT(mistake({"validate", "a", "--config", "b"}).text, HasSubstr("give one"));
  EXPECT_THAT(mistake({"config"}).text, HasSubstr("See: sonde config --help"));
}

TEST(ArgumentsTest, AVerbThatDoesNotExistHasANearestOne) {
  EXPECT_THAT(mistake({"recrod"}).text, HasSubstr("no verb `recrod`; the nearest is record"));
  EXPECT_THAT(mistake({"frobnicate"}).text, HasSubstr("no verb `frobnicate`\n"));
}

TEST(ArgumentsTest, DiffComparesTwoFilesOrTwoListsOfFiles) {
  const DiffOptions two = diff({"diff", "a", "b"});
  EXPECT_THAT(two.before, ElementsAre("a"));
  EXPECT_THAT(two.after, ElementsAre("b"));
  EXPECT_EQ(two.by, DiffBy::kFunction);
  EXPECT_FALSE(two.total || two.paths || two.absolute || two.all || two.rows || two.fail_above);
  const DiffOptions lists =
      diff({"diff", "--before", "a1", "a2", "--after", "b1", "--after", "b2", "--before", "a3"});
  EXPECT_THAT(lists.before, ElementsAre("a1", "a2", "a3"));
  EXPECT_THAT(lists.after, ElementsAre("b1", "b2"));
}

TEST(ArgumentsTest, EveryOptionOfDiffArrives) {
  const DiffOptions options =
      diff({"diff", "a", "b", "--by", "image", "--total", "--absolute", "--all", "-n", "0",
            "--fail-above", "5%", "--json", "--color", "always"});
  EXPECT_EQ(options.by, DiffBy::kImage);
  EXPECT_TRUE(options.total && options.absolute && options.all && options.json);
  EXPECT_EQ(options.rows, 0U);
  EXPECT_EQ(options.fail_above, 0.05);
  EXPECT_EQ(options.colour, ColourChoice::kAlways);
  EXPECT_TRUE(diff({"diff", "a", "b", "--paths"}).paths);
  EXPECT_EQ(diff({"diff", "a", "b", "--by", "process"}).by, DiffBy::kProcess);
}

TEST(ArgumentsTest, ReportWithAnOlderFileIsADiff) {
  const DiffOptions options =
      diff({"report", "new", "--diff", "old", "--by", "process", "-n", "3", "--json"});
  EXPECT_THAT(options.before, ElementsAre("old"));
  EXPECT_THAT(options.after, ElementsAre("new"));
  EXPECT_EQ(options.by, DiffBy::kProcess);
  EXPECT_EQ(options.rows, 3U);
  EXPECT_TRUE(options.json);
}

TEST(ArgumentsTest, WhatFollowsTheDashesIsTheCommandsOwn) {
  const RecordOptions options = record({"-F", "19", "--", "ls", "-l", "--json", "--", "record"});
  EXPECT_THAT(options.command, ElementsAre("ls", "-l", "--json", "--", "record"));
  EXPECT_FALSE(options.json);
  EXPECT_EQ(options.rate_hz, 19U);
}

TEST(ArgumentsTest, MistakesExitWithTwoAndSayWhatWouldBeRight) {
  struct Case {
    std::vector<std::string> arguments;
    const char* says;
  };
  const Case cases[] = {
      {{"record", "-d", "soon"}, "-d soon: not a time"},
      {{"record", "-F", "0"}, "0"},
      {{"record", "-F", "20000"}, "20000"},
      {{"record", "-p", "abc"}, "abc"},
      {{"record", "-p", "0"}, "0"},
      {{"record", "-p", "-5"}, "-5"},
      {{"record", "-o", "x.pdf"}, "Known: .pb.gz"},
      {{"record", "-o", "noextension"}, "no format has this extension"},
      {{"record", "-o", "-"}, "--format"},
      {{"record", "-o", "-", "--format", "folded", "--json"}, "both want stdout"},
      {{"record", "--format", "pdf", "-o", "x"}, "not one of pprof, folded"},
      {{"record", "--format", "svg"}, "needs -o"},
      {{"record", "ls"}, "ls"},
      {{"record", "--"}, "no command"},
      {{"record", "-p", "1", "--", "ls"}, "on its own"},
      {{"record", "--unknown"}, "--unknown"},
      {{"report"}, "FILE"},
      {{"report", "x", "--by", "container"}, "do not name containers"},
      {{"report", "x", "--by", "colour"}, "function, process, image"},
      {{"report", "x", "--callers", "a", "--callees", "b"}, "choose one"},
      {{"report", "x", "--by", "image", "--tree"}, "cannot be combined"},
      {{"report", "x", "-n", "-1"}, "-1"},
      {{"report", "x", "--diff", "y", "--tree"}, "cannot be combined"},
      {{"diff"}, "sonde diff BEFORE AFTER"},
      {{"diff", "a"}, "1 file"},
      {{"diff", "a", "b", "c"}, "3 files"},
      {{"diff", "--before", "a"}, "--after FILE"},
      {{"diff", "--after", "a", "b"}, "--before FILE"},
      {{"diff", "a", "--after", "b"}, "both sides"},
      {{"diff", "a", "b", "--by", "container"}, "do not name containers"},
      {{"diff", "a", "b", "--by", "line"}, "function, process, image"},
      {{"diff", "a", "b", "--paths", "--by", "image"}, "cannot be combined"},
      {{"diff", "a", "b", "--paths", "--total"}, "cannot be combined"},
      {{"diff", "a", "b", "--fail-above", "much"}, "such as 5%"},
      {{"diff", "a", "b", "--fail-above", "101%"}, "such as 5%"},
      {{"doctor", "--color", "blue"}, "blue"},
      {{"doctor", "--", "ls"}, "only record"},
      {{"frobnicate"}, "frobnicate"},
  };
  for (const Case& c : cases) {
    const ParseStop stop = mistake(c.arguments);
    EXPECT_EQ(stop.exit_code, 2) << c.arguments.back();
    EXPECT_THAT(stop.text, StartsWith("sonde: "));
    EXPECT_THAT(stop.text, HasSubstr(c.says));
  }
}

TEST(ArgumentsTest, WithoutAVerbTheAgentRuns) {
  const auto run = [](const std::vector<std::string>& arguments) {
    const ParsedCommand command = parse_command_line(arguments);
    EXPECT_TRUE(std::holds_alternative<RunOptions>(command));
    const auto* options = std::get_if<RunOptions>(&command);
    return options == nullptr ? RunOptions{} : *options;
  };
  EXPECT_EQ(run({}).window, std::chrono::seconds(10));
  EXPECT_EQ(run({"run"}).config.values.size(), 0U);
  EXPECT_EQ(run({"--state-dir", "/x"}).config.values.at("state_dir"), "/x");
  EXPECT_EQ(run({"run", "--rate", "99"}).config.values.at("rate"), "99");
  EXPECT_EQ(run({"run", "--window", "500ms"}).window, std::chrono::milliseconds(500));
  EXPECT_THAT(mistake({"run", "--window", "5ms"}).text, HasSubstr("100ms"));
  EXPECT_THAT(mistake({"--rate", "0"}).text, HasSubstr("--rate 0"));
}

TEST(ArgumentsTest, HelpIsAskedFor) {
  for (const char* help : {"--help", "-h", "help"}) {
    EXPECT_EQ(mistake({help}).exit_code, 0);
    EXPECT_EQ(mistake({help}).text, help_text(""));
  }
  for (const char* verb : {"run", "record", "report", "diff", "doctor", "status", "version"}) {
    EXPECT_EQ(mistake({verb, "--help"}).exit_code, 0);
    EXPECT_EQ(mistake({verb, "--help"}).text, help_text(verb));
  }
}

TEST(ArgumentsTest, FormatOverridesTheExtension) {
  EXPECT_EQ(record({"-o", "x.svg", "--format", "pprof"}).format, OutputFormat::kPprof);
  EXPECT_EQ(record({"-o", "-", "--format", "html"}).format, OutputFormat::kHtml);
}

TEST(HelpTest, NoScreenIsWiderThanEightyColumns) {
  for (const char* verb : {"", "record", "report", "diff", "top", "doctor", "status", "version"}) {
    std::string_view text = help_text(verb);
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      EXPECT_LE(end, 80U) << text.substr(0, end);
      text.remove_prefix(end + 1);
    }
  }
}

}  // namespace
}  // namespace sonde
