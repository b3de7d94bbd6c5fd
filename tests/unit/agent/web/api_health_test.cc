// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "agent/web/api_status.h"
#include "tests/support/api_fixture.h"

namespace sonde {
namespace {

using testing::HasSubstr;

class ApiHealthTest : public ApiTest {};

TEST_F(ApiHealthTest, TheBooksOfTheRange) {
  const Json json = this->json("/health?" + between(0, 6));
  EXPECT_EQ(json["from"], ms_of(0));
  EXPECT_EQ(json["to"], ms_of(6));
  EXPECT_EQ(json["now"], now_ns_ / 1'000'000);
  EXPECT_EQ(json["host"], "node-1");
  EXPECT_EQ(
      json["trust"],
      Json::parse(
          R"({"produced":64,"lost":12,"missed":0,"expected":1864,"samples":52,"whole":46,"early":0})"));
  const Json& books = json["books"];
  EXPECT_EQ(books["expected"], 6 * 300 + 52 + 12);
  EXPECT_EQ(books["missed"], 0);
  EXPECT_EQ(books["slept"], 24);
  EXPECT_EQ(books["idle"], 1'800);
  EXPECT_EQ(books["emitted"], 52);
  EXPECT_EQ(books["stored"], 52);
  EXPECT_EQ(books["unaccounted"], 0);
  EXPECT_EQ(
      books["lost"],
      (Json::array(
          {{{"reason", "ring_full"}, {"side", "kernel"}, {"samples", 12}, {"last", ms_of(6)}}})));
  EXPECT_THAT(json["reasons"]["ring_full"]["meaning"].get<std::string>(), HasSubstr("no room"));
}

TEST_F(ApiHealthTest, ExecutablesAreTheWorstFirst) {
  const Json json = this->json("/health?" + between(0, 6));
  ASSERT_EQ(json["executables"].size(), 2U);
  EXPECT_EQ(json["executables"][0],
            Json::parse(R"({"path":"/usr/bin/web","samples":48,"whole":42,"early":0,
                            "stops":{"complete":42,"no_row":6}})"));
  EXPECT_EQ(json["executables"][1]["path"], "/usr/sbin/cron");
  EXPECT_EQ(json["executables_more"],
            Json::parse(R"({"executables":0,"samples":0,"whole":0,"early":0})"));
  EXPECT_THAT(json["explain"]["no_row"].get<std::string>(), HasSubstr("no unwind row"));
  EXPECT_THAT(json["advice"]["no_row"].get<std::string>(), HasSubstr("-fno-omit-frame-pointer"));
}

TEST_F(ApiHealthTest, ItIsOfTheSelectionButTheBooksAreOfAll) {
  const Json json = this->json("/health?" + between(0, 6) + "&f=process%3Dcron");
  EXPECT_EQ(json["trust"]["whole"], 4);
  EXPECT_EQ(json["trust"]["samples"], 4);
  EXPECT_EQ(json["trust"]["produced"], 64);
  EXPECT_EQ(json["executables"].size(), 1U);
  EXPECT_EQ(json["books"]["stored"], 52);
  EXPECT_EQ(json["books"]["unaccounted"], 0);
}

// Of six windows, the last four have accounting: the host's, and of /pods/a and /pods/b.
TEST_F(ApiHealthTest, TheAccountingIsOfTheHostOrOfTheCgroupsThatAreSelected) {
  Json host = this->json("/health?" + between(0, 6))["accounting"];
  const double sigma = std::sqrt(4 * 9.0) * kTickNs;
  EXPECT_NEAR(host["sigma_ns"].get<double>(), sigma, 1);
  host.erase("sigma_ns");
  EXPECT_EQ(host, (Json{{"of", "host"},
                        {"source", "/proc/stat"},
                        {"sampled_ns", 4 * 9 * kTickNs},
                        {"kernel_ns", 4 * 500'000'000ULL},
                        {"samples", 36},
                        {"windows", 4},
                        {"cgroups", 0}}));
  Json one = this->json("/health?" + between(0, 6) + "&f=pod%3Da")["accounting"];
  one.erase("sigma_ns");
  EXPECT_EQ(one, (Json{{"of", "cgroups"},
                       {"source", "cpu.stat"},
                       {"sampled_ns", 4 * 6 * kTickNs},
                       {"kernel_ns", 4 * 320'000'000ULL},
                       {"samples", 24},
                       {"windows", 4},
                       {"cgroups", 1}}));
  const Json both = this->json("/health?" + between(0, 6) + "&f=cgroup%3D~/pods/.*")["accounting"];
  EXPECT_EQ(both["cgroups"], 2);
  EXPECT_EQ(both["kernel_ns"], 4 * 430'000'000ULL);
  const Json process = this->json("/health?" + between(0, 6) + "&f=process%3Dweb")["accounting"];
  EXPECT_EQ(process["of"], "host") << "a process is no whole cgroup";
  EXPECT_EQ(process["kernel_ns"], 4 * 500'000'000ULL);
}

TEST_F(ApiHealthTest, AccountingThatIsNotKnownIsZero) {
  for (const std::string filter : {"", "&f=cgroup%3D/pods/a"}) {
    const Json json = this->json("/health?" + between(0, 2) + filter)["accounting"];
    for (const char* name :
         {"sampled_ns", "kernel_ns", "sigma_ns", "samples", "windows", "cgroups"}) {
      EXPECT_EQ(json[name], 0) << name << filter;
    }
  }
}

TEST_F(ApiHealthTest, WhatTheAgentSaysOfItself) {
  const Json json = this->json("/health?" + between(0, 6));
  EXPECT_EQ(json["budgets"],
            Json::parse(R"([{"name":"cpu","unit":"percent","now":0.27,"limit":1.0,"peak":0.41,
                             "words":"words"}])"));
  EXPECT_EQ(json["exporters"][0]["state"], "up");
  EXPECT_EQ(json["programs"][0]["hook"], "perf event, 2 CPUs");
  EXPECT_EQ(json["agent"], (Json{{"version", "0.1.0"},
                                 {"build", "g++ 12, clang 14"},
                                 {"kernel", "6.1.0"},
                                 {"started", ms_of(0) - 10'000},
                                 {"restarts", 0},
                                 {"pid", 4'011},
                                 {"capabilities", {"bpf"}},
                                 {"features", {"bpf_loop"}},
                                 {"symbols", {{"full", 198}, {"dynamic", 11}, {"none", 3}}}}));
}

TEST_F(ApiHealthTest, AnEmptyRangeIsAnAnswerToo) {
  const Json json = this->json("/health?from=1000&to=2000");
  EXPECT_EQ(json["trust"]["produced"], 0);
  EXPECT_EQ(json["executables"], Json::array());
  EXPECT_EQ(json["explain"], Json::object());
  EXPECT_EQ(json["errors"], Json::array());
}

}  // namespace
}  // namespace sonde
