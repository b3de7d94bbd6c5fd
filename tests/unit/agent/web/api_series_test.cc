// SPDX-License-Identifier: Apache-2.0
#include "agent/web/api_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "tests/support/api_fixture.h"
#include "tests/support/counted_allocations.h"

namespace sonde {
namespace {

using testing::HasSubstr;

class ApiSeriesTest : public ApiTest {
 protected:
  static Json numbers(std::initializer_list<std::uint64_t> values) {
    Json out = Json::array();
    for (const std::uint64_t value : values) out.push_back(value);
    return out;
  }
};

TEST_F(ApiSeriesTest, AColumnForEachWindow) {
  const Json json = this->json("/series?" + between(0, 6));
  EXPECT_EQ(json["v"], 1);
  EXPECT_EQ(json["from"], ms_of(0));
  EXPECT_EQ(json["to"], ms_of(6));
  EXPECT_EQ(json["step"], 10'000);
  EXPECT_EQ(json["now"], now_ns_ / 1'000'000);
  EXPECT_EQ(json["history"], ms_of(0));
  EXPECT_EQ(json["ncpu"], 2);
  EXPECT_EQ(json["rates"], Json::parse("[19]"));
  EXPECT_EQ(json["t"], numbers({ms_of(0), ms_of(1), ms_of(2), ms_of(3), ms_of(4), ms_of(5)}));
  EXPECT_EQ(json["cover"], numbers({10'000, 10'000, 10'000, 10'000, 10'000, 10'000}));
  EXPECT_EQ(json["samples"], numbers({8, 8, 9, 9, 9, 9}));
  EXPECT_EQ(json["lost"], numbers({2, 2, 2, 2, 2, 2}));
  EXPECT_EQ(json["kernel"][0], 2 * kTickNs);
  EXPECT_EQ(json["user"][0], 6 * kTickNs);
  EXPECT_FALSE(json.contains("groups"));
}

TEST_F(ApiSeriesTest, LongRangesMergeNeighbours) {
  // 40 windows in 16 columns: 30 s each.
  const Json json = this->json("/series?from=" + std::to_string(ms_of(0)) +
                               "&to=" + std::to_string(ms_of(40)) + "&points=16");
  EXPECT_EQ(json["step"], 30'000);
  EXPECT_EQ(json["t"], numbers({ms_of(0), ms_of(3)})) << "what was not recorded is absent";
  EXPECT_EQ(json["cover"], numbers({30'000, 30'000}));
  EXPECT_EQ(json["samples"], numbers({25, 27}));
  EXPECT_EQ(json["lost"], numbers({6, 6}));
}

TEST_F(ApiSeriesTest, GroupsAreTheHeaviestFirst) {
  const Json json = this->json("/series?" + between(0, 6) + "&g=process");
  ASSERT_EQ(json["groups"].size(), 2U);
  const Json& web = json["groups"][0];
  EXPECT_EQ(web["value"], "web");
  EXPECT_EQ(web["samples"], 48);
  EXPECT_EQ(web["user"], 36 * kTickNs);
  EXPECT_EQ(web["kernel"], 12 * kTickNs);
  EXPECT_EQ(web["whole"], 42);
  EXPECT_EQ(web["early"], 0);
  EXPECT_EQ(web["pids"], 2);
  EXPECT_EQ(web["pid"], 10);
  EXPECT_EQ(web["first"], ms_of(0));
  EXPECT_EQ(web["last"], ms_of(6));
  const Json& cron = json["groups"][1];
  EXPECT_EQ(cron["value"], "cron");
  EXPECT_EQ(cron["cpu"], numbers({0, 0, kTickNs, kTickNs, kTickNs, kTickNs}));
  EXPECT_EQ(cron["first"], ms_of(2));
  EXPECT_EQ(json["others"], Json::parse(R"({"values":0,"user":0,"kernel":0,"samples":0})"));
  const Json pods = this->json("/series?" + between(0, 6) + "&g=pod")["groups"];
  ASSERT_EQ(pods.size(), 3U);
  EXPECT_EQ(pods[0]["value"], "a");
  EXPECT_EQ(pods[2]["value"], "") << "cron has none";
}

TEST_F(ApiSeriesTest, WhatNoLongerRunsHasExited) {
  const std::string own = std::to_string(::getpid());
  const auto add = [&](std::uint64_t number, const char* name, const std::string& pid) {
    WindowBuilder window(number);
    window.stack(window.process(1, {{"process", name}, {"pid", pid}}), {SONDE_KERNEL_FRAME(1)});
    history_->add(window.done());
  };
  const std::uint64_t now = (wall_ns() - kBeginNs) / kTenSeconds;  // the window of this time
  add(kWindows, "reused", own);
  add(now, "here", own);
  add(now, "gone", "4194399");
  const auto exited = [&](std::uint64_t number) {
    std::map<std::string, std::uint64_t> out;
    const Json json = this->json("/series?" + between(number, number + 1) + "&g=process");
    for (const auto& group : json["groups"]) {
      out.emplace(group["value"].get<std::string>(), group["exited"].get<std::uint64_t>());
    }
    return out;
  };
  EXPECT_EQ(exited(now).at("here"), 0U);
  EXPECT_EQ(exited(now).at("gone"), ms_of(now + 1)) << "no process can have that id";
  EXPECT_EQ(exited(kWindows).at("reused"), ms_of(kWindows + 1)) << "this one began later";
}

TEST_F(ApiSeriesTest, TheSelectionCountsButNotForLosses) {
  const Json json = this->json("/series?" + between(0, 6) + "&f=process%3Dcron");
  EXPECT_EQ(json["samples"], numbers({0, 0, 1, 1, 1, 1}));
  EXPECT_EQ(json["lost"], numbers({2, 2, 2, 2, 2, 2}));
  EXPECT_EQ(json["cover"][0], 10'000) << "recorded, and nothing of it";
}

TEST_F(ApiSeriesTest, TheOpenWindowCountsWhereItIsAskedFor) {
  EXPECT_EQ(json("/series?from=-20s")["samples"], numbers({9, 9}));
  const Json live = json("/series?from=-20s&live=1&g=process");
  EXPECT_EQ(live["samples"], numbers({9, 9}));
  EXPECT_EQ(live["t"].size(), 2U);
  EXPECT_EQ(live["groups"][0]["samples"], 16);
}

TEST_F(ApiSeriesTest, AWindowThatEndsMeanwhileCountsOnce) {
  history_->add(window_of_a_test(kWindows));
  const Json stored = json("/series?from=-20s&live=1&g=process");
  EXPECT_EQ(stored["samples"], numbers({9, 9})) << "the copy is of the window that is stored";
  EXPECT_EQ(stored["cover"], numbers({10'000, 10'000}));
  EXPECT_EQ(stored["groups"][0]["samples"], 16);

  now_ns_ += kTenSeconds;
  ApiSources next = sources();
  next.open_windows = [this] {
    history_->add(window_of_a_test(kWindows + 1));
    return OpenWindows{.windows = {window_of_a_test(kWindows + 1), window_of_a_test(kWindows + 2)}};
  };
  HttpRequest request;
  request.query = "from=-30s&live=1";
  now_ns_ += kTenSeconds;
  const auto parsed = parse_json(answer_series(next, request).body);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ((*parsed)["samples"], numbers({9, 9, 9})) << "stored after the copy was asked for";
}

// As on a host that builds: each process is one more label set.
TEST_F(ApiSeriesTest, AShortRangeCostsTheSameHoweverManyLabelSetsTheHistoryHas) {
  const std::string question = "/series?" + between(0, 6) + "&g=process";
  const auto cost = [&] {
    const std::uint64_t before = allocations;
    EXPECT_EQ(ask(question).status, 200);
    return allocations - before;
  };
  const std::uint64_t at_first = cost();
  std::uint32_t pid = 1'000;
  for (std::uint64_t i = 0; i < 8; ++i) {
    WindowBuilder window(kWindows + 360 + i);
    for (int k = 0; k < 3'000; ++k, ++pid) {
      window.stack(window.process(pid, {{"process", "cc1"}, {"pid", std::to_string(pid)}}),
                   {SONDE_KERNEL_FRAME(1)});
    }
    history_->add(window.done());
  }
  const auto all = history_->sums({kAllOfHistory, {}}, {.group_by = std::vector<std::string>{}});
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->at(0).totals.samples, 52U + 24'000);
  const Json every = json("/series?" + between(0, kWindows + 400) + "&g=pid");
  EXPECT_EQ(every["groups"].size(), 1'000U);
  const Json& others = every["others"];
  EXPECT_EQ(others["values"].get<std::uint64_t>() + others["folded"].get<std::uint64_t>(),
            24'003U - 1'000);
  std::uint64_t samples = others["samples"].get<std::uint64_t>();
  for (const auto& group : every["groups"]) samples += group["samples"].get<std::uint64_t>();
  EXPECT_EQ(samples, 52U + 24'000);
  EXPECT_EQ(at_first > 0, SONDE_COUNTS_ALLOCATIONS == 1);
  EXPECT_LT(cost(), at_first + 100);
}

TEST_F(ApiSeriesTest, GroupsPastTheLimitAreOneRest) {
  WindowBuilder window(kWindows);
  for (std::uint32_t i = 0; i < 1'010; ++i) {
    window.stack(window.process(i + 1, {{"process", "p" + std::to_string(i)}}),
                 {SONDE_KERNEL_FRAME(1)}, i + 1);
  }
  history_->add(window.done());
  const Json json = this->json("/series?" + between(6, 7) + "&g=process");
  EXPECT_EQ(json["groups"].size(), 1'000U);
  EXPECT_EQ(json["others"]["values"], 10);
  EXPECT_EQ(json["others"]["samples"], 55);
}

TEST_F(ApiSeriesTest, AClosedRangeIsTheSameAtAnyTime) {
  const HttpResponse first = ask("/series?" + between(0, 4));
  now_ns_ += 1'000'000'000;
  const HttpResponse again =
      ask("/series?" + between(0, 4), {{"if-none-match", header(first, "ETag")}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(header(ask("/series?" + between(0, 6)), "ETag"), "");
}

TEST_F(ApiSeriesTest, MistakesAreRefused) {
  EXPECT_THAT(refusal("/series?points=15"), HasSubstr("points: must be a number from 16 to 5000"));
  EXPECT_THAT(refusal("/series?g=a,b"), HasSubstr("g: must be a label"));
  EXPECT_THAT(refusal("/series?root=x"), HasSubstr("unknown parameter root"));
}

}  // namespace
}  // namespace sonde
