// SPDX-License-Identifier: Apache-2.0
#include "agent/web/api_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/api_fixture.h"

namespace sonde {
namespace {

using testing::HasSubstr;

class ApiStatusTest : public ApiTest {};

TEST_F(ApiStatusTest, WhatTheAgentIsAndWhetherItWorks) {
  const Json json = this->json("/status");
  EXPECT_EQ(json["v"], 1);
  EXPECT_EQ(json["host"], "node-1");
  EXPECT_EQ(json["version"], "0.1.0");
  EXPECT_EQ(json["kernel"], "6.1.0");
  EXPECT_EQ(json["now"], now_ns_ / 1'000'000);
  EXPECT_EQ(json["started"], ms_of(0) - 10'000);
  EXPECT_EQ(json["ncpu"], 2);
  EXPECT_EQ(json["rate"], 19);
  EXPECT_EQ(json["divisor"], 2);
  EXPECT_EQ(json["window_ms"], 10'000);
  EXPECT_EQ(json["history"]["first"], ms_of(0));
  EXPECT_EQ(json["history"]["last"], ms_of(5));
  EXPECT_EQ(json["history"]["windows"], 6);
  EXPECT_GT(json["history"]["bytes"], 0);
  EXPECT_EQ(json["history"]["limit_bytes"], 512 << 20);
  EXPECT_EQ(json["history"]["cut"], "");
  EXPECT_EQ(json["open"], (Json{{"from", ms_of(6)}, {"samples", 9}}));
  EXPECT_EQ(json["types"][0], Json::parse(R"({"id":"cpu","on":true})"));
  EXPECT_FALSE(json["types"][1]["on"]);
  EXPECT_EQ(json["degraded"],
            Json::parse(R"([{"what":"kernel_names","error":"EPERM","fix":"grant CAP_SYSLOG"}])"));
  EXPECT_EQ(json["ready"], true);
  EXPECT_EQ(json["ready_why"], "");
}

TEST_F(ApiStatusTest, AHistoryThatShedsSaysWhy) {
  auto small = History::open(
      {.journal = {
           .directory = base_.path() / "small", .max_bytes = 64 << 10, .segment_bytes = 16 << 10}});
  ASSERT_TRUE(small.ok());
  for (std::uint64_t i = 0; i < 500; ++i) (*small)->add(window_of_a_test(i));
  ProfileReader reader(**small, *names_, *client_);
  const ApiSources sources{.history = **small,
                           .profiles = reader,
                           .open_windows = [] { return OpenWindows(); },
                           .facts = [this] { return facts_; }};
  const auto parsed = parse_json(answer_status(sources, {}).body);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ((*parsed)["history"]["cut"], "bytes");
  EXPECT_GT((*parsed)["history"]["first"], ms_of(0));
}

TEST_F(ApiStatusTest, AnIndexThatCannotBeReadOrIsBehindIsNoEmptyHistory) {
  const std::string directory = base_.path() / "other";
  const auto open = [&] {
    auto opened = History::open({.journal = {.directory = directory}});
    EXPECT_TRUE(opened.ok());
    return std::move(*opened);
  };
  const auto degraded = [&](History& history) {
    ProfileReader reader(history, *names_, *client_);
    ApiSources other{.history = history,
                     .profiles = reader,
                     .open_windows = [] { return OpenWindows(); },
                     .facts = [] { return AgentFacts{}; }};
    const auto parsed = parse_json(answer_status(other, {}).body);
    EXPECT_TRUE(parsed.ok());
    return (*parsed)["degraded"];
  };
  {
    const auto history = open();
    for (std::uint64_t i = 0; i < 3; ++i) history->add(window_of_a_test(i));
    EXPECT_EQ(degraded(*history), Json::array());
  }
  {
    auto file = Database::open(directory + "/index.db");
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->run("ALTER TABLE windows RENAME COLUMN end_ns TO gone").ok());
  }
  {
    const auto history = open();
    const Json parts = degraded(*history);
    ASSERT_EQ(parts.size(), 1U);
    EXPECT_EQ(parts[0]["what"], "history index");
    EXPECT_THAT(parts[0]["error"].get<std::string>(), HasSubstr("end_ns"));
  }
  WindowIndex::remove(directory + "/index.db");
  const auto history = open();
  const Json parts = degraded(*history);
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_THAT(parts[0]["error"].get<std::string>(), HasSubstr("not found yet"));
  while (!history->catch_up(100)) {
  }
  EXPECT_EQ(degraded(*history), Json::array());
}

TEST_F(ApiStatusTest, ItTakesNoParameters) {
  EXPECT_THAT(refusal("/status?from=-5m"), HasSubstr("unknown parameter from"));
}

}  // namespace
}  // namespace sonde
