// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/boost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/cli/arguments.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;

BoostOptions parsed(const std::vector<std::string>& arguments) {
  std::vector<std::string> all{"boost"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const ParsedCommand command = parse_command_line(all);
  if (const auto* options = std::get_if<BoostOptions>(&command)) return *options;
  ADD_FAILURE() << std::get<ParseStop>(command).text;
  return {};
}

std::string mistake(const std::vector<std::string>& arguments) {
  std::vector<std::string> all{"boost"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const ParsedCommand command = parse_command_line(all);
  const auto* stop = std::get_if<ParseStop>(&command);
  return stop == nullptr ? "" : stop->text;
}

TEST(BoostTest, AsksForAProcessAGroupOrACondition) {
  EXPECT_EQ(boost_request(parsed({"-p", "41"})), "/boost?match=pid%3D41&for=300");
  EXPECT_EQ(boost_request(parsed({"-c", "/a b.slice", "--for", "90s"})),
            "/boost?match=cgroup%3D%2Fa%20b.slice&for=90");
  EXPECT_EQ(boost_request(parsed({"process=~x&y"})), "/boost?match=process%3D~x%26y&for=300");
  EXPECT_EQ(boost_request(parsed({"--end", "3"})), "/boost/end?id=3");
  EXPECT_EQ(parsed({"pid=1", "--for", "1h"}).time, std::chrono::hours(1));
}

TEST(BoostTest, MistakesAreSaid) {
  EXPECT_THAT(mistake({}), HasSubstr("one of CONDITION, -p PID, -c CGROUP and --end ID"));
  EXPECT_THAT(mistake({"pid=1", "-p", "1"}), HasSubstr("one of CONDITION"));
  EXPECT_THAT(mistake({"pid=1", "--for", "2h"}), HasSubstr("--for 2h: not a time from 1s to 1h"));
  EXPECT_THAT(mistake({"pid=1", "--for", "500ms"}), HasSubstr("not a time from"));
  EXPECT_THAT(mistake({"-p", "x"}), HasSubstr("whole number"));
  EXPECT_THAT(mistake({"--end", "0"}), HasSubstr("whole number"));
}

TEST(BoostTest, SaysWhoHowOftenAndHowToEndIt) {
  Terminal terminal;
  terminal.utf8 = true;
  const Pen pen(terminal);
  const BoostOptions options = parsed({"process=a", "--for", "5m"});
  const auto answer = parse_json(
      R"({"v":1,"boost":{"id":3,"match":"process=a\u001b[31m","until":5000,"rate":95}})");
  const std::string text = render_boost(options, *answer, pen);
  EXPECT_THAT(text, HasSubstr("boost 3: process=a\\x1b[31m at 95 Hz for 5 min"));
  EXPECT_THAT(text, HasSubstr("sonde boost --end 3 ends it\n"));
  EXPECT_EQ(render_boost(parsed({"--end", "3"}), Json::object(), pen), "boost 3 has ended\n");
}

}  // namespace
}  // namespace sonde
