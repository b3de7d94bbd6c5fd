// SPDX-License-Identifier: Apache-2.0
#include "agent/web/api_flame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/compress/gzip.h"
#include "core/journal/segment.h"
#include "tests/support/api_fixture.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ApiFlameTest : public ApiTest {
 protected:
  static std::uint64_t sum(const Json& numbers) {
    std::uint64_t out = 0;
    for (const auto& one : numbers) out += one.get<std::uint64_t>();
    return out;
  }
  // ` name self` of each node, by level.
  static std::vector<std::string> outline(const Json& json) {
    std::vector<std::string> out;
    std::int64_t level = 0;
    for (std::size_t i = 0; i < json["f"].size(); ++i) {
      level += json["d"][i].get<std::int64_t>();
      const auto name = json["fn"][json["f"][i].get<std::size_t>()].get<std::size_t>();
      out.push_back(std::string(static_cast<std::size_t>(level), ' ') +
                    json["names"][name].get<std::string>() + " " + json["s"][i].dump());
    }
    return out;
  }
};

TEST_F(ApiFlameTest, WindowsThatAreStillOnTheirWayAreToldOf) {
  open_problem_ = "some are not here yet";
  EXPECT_EQ(json("/flame?from=-20s&live=1")["errors"], Json::array({open_problem_}));
  EXPECT_EQ(json("/flame?from=-20s")["errors"], Json::array());
}

TEST_F(ApiFlameTest, ARangeIsAFlameGraphWithNames) {
  const Json json = this->json("/flame?" + between(0, 6));
  EXPECT_THAT(outline(json),
              ElementsAre("all of node node-1 0", " web 0", "  main 0", "   app::work(int) 30",
                          "    schedule 12", "  stack cut: no unwind row in web 0",
                          "   app::work(int) 6", " cron 0", "  cron+0xe0 4"));
  EXPECT_EQ(json["v"], 1);
  EXPECT_EQ(json["from"], ms_of(0));
  EXPECT_EQ(json["to"], ms_of(6));
  EXPECT_EQ(json["tick"], kTickNs);
  EXPECT_EQ(json["total"], 52);
  EXPECT_EQ(sum(json["s"]), 52U);
  EXPECT_EQ(json["samples"], 52);
  EXPECT_EQ(json["rates"], Json::parse("[19]"));
  EXPECT_EQ(json["ncpu"], 2);
  EXPECT_EQ(json["history"], ms_of(0));
  EXPECT_EQ(json["errors"], Json::array());
  EXPECT_EQ(json["trust"],
            Json::parse(R"({"produced":64,"lost":12,"missed":0,"expected":1864,"whole":46,"early":0,
                            "unaccounted":0})"));
  EXPECT_EQ(json["meta"]["duration_ns"], 6 * kTenSeconds);
  EXPECT_EQ(json["reasons"], Json::parse(R"(["no_row","no_symbols"])"));
  EXPECT_EQ(json["pids"].size(), 2U);
}

TEST_F(ApiFlameTest, TimesThatMoveCountFromTheOpenWindow) {
  const Json json = this->json("/flame?from=-20s");
  EXPECT_EQ(json["from"], ms_of(4));
  EXPECT_EQ(json["to"], ms_of(6));
  EXPECT_EQ(json["total"], 18);
  EXPECT_EQ(this->json("/flame")["total"], 52) << "the last five minutes";
  const Json live = this->json("/flame?from=-20s&live=1");
  EXPECT_EQ(live["to"], now_ns_ / 1'000'000);
  EXPECT_EQ(live["total"], 18) << "the fifth began before; the open one counts";
  EXPECT_EQ(this->json("/flame?from=-1s")["total"], 9) << "at least one window";
}

TEST_F(ApiFlameTest, TargetsAreChosenAndGrouped) {
  const std::string range = between(2, 6);
  EXPECT_EQ(json("/flame?" + range + "&f=process%3Dcron")["total"], 4);
  const Json some = json("/flame?" + range + "&f=process%3Dweb&f=pod%21%3Da");
  EXPECT_EQ(some["total"], 8);
  EXPECT_EQ(some["trust"]["lost"], 8) << "of all samples, whatever is chosen";
  EXPECT_EQ(some["trust"]["produced"], 36 + 8);
  EXPECT_EQ(some["trust"]["whole"], 8) << "of the chosen";
  EXPECT_THAT(outline(json("/flame?" + range + "&g=pod,process&f=pid%3D11")),
              ElementsAre("all of node node-1 0", " b 0", "  web 0", "   main 0",
                          "    app::work(int) 0", "     schedule 8"));
  EXPECT_THAT(
      outline(json("/flame?" + range + "&g=none&f=pid%3D11")),
      ElementsAre("all of node node-1 0", " main 0", "  app::work(int) 0", "   schedule 8"));
}

TEST_F(ApiFlameTest, ARootIsASubtree) {
  const Json json = this->json("/flame?" + between(0, 6) +
                               "&root=web%2Fmain%40web%2Fapp%253A%253Awork(int)%40web");
  EXPECT_THAT(outline(json), ElementsAre("app::work(int) 30", " schedule 12"));
  EXPECT_EQ(json["total"], 42);
  EXPECT_EQ(json["samples"], 42);
  const Json none = this->json("/flame?" + between(0, 6) + "&root=web%2Fother");
  EXPECT_EQ(none["total"], 0);
  EXPECT_EQ(none["s"], Json::parse("[0]"));
}

TEST_F(ApiFlameTest, TwoRangesAreCompared) {
  const Json json = this->json("/flame?" + between(2, 6) + "&afrom=" + std::to_string(ms_of(0)) +
                               "&ato=" + std::to_string(ms_of(2)));
  ASSERT_EQ(json["b"].size(), json["s"].size());
  EXPECT_EQ(sum(json["s"]), 36U);
  EXPECT_EQ(json["total"], 36);
  EXPECT_EQ(sum(json["b"]), 16U);
  EXPECT_EQ(json["btotal"], 16);
  EXPECT_EQ(json["bsamples"], 16);
  EXPECT_EQ(json["bfrom"], ms_of(0));
  EXPECT_EQ(json["bto"], ms_of(2));
  EXPECT_EQ(json["bduration_ns"], 2 * kTenSeconds);
  EXPECT_EQ(json["btrust"],
            Json::parse(R"({"produced":20,"lost":4,"missed":0,"expected":620,"whole":14,"early":0,
                            "unaccounted":0})"));
}

TEST_F(ApiFlameTest, OverTheLimitTheSumsStay) {
  const Json json = this->json("/flame?" + between(0, 6) + "&max=1");
  EXPECT_EQ(sum(json["s"]), 52U);
  EXPECT_EQ(json["total"], 52);
}

TEST_F(ApiFlameTest, ARangeWithoutWindowsIsEmpty) {
  const Json json = this->json("/flame?from=1000&to=2000");
  EXPECT_EQ(json["total"], 0);
  EXPECT_EQ(json["ncpu"], 2);
  EXPECT_EQ(json["names"][0], "all of node node-1");
  EXPECT_EQ(json["meta"]["kernel"], "6.1.0");
}

TEST_F(ApiFlameTest, ClosedRangesAreKeptAndKnownByTheirTag) {
  for (const std::string& path :
       {"/flame?" + between(0, 5), "/profile?format=folded&" + between(0, 5),
        "/flame?" + between(2, 4) + "&afrom=" + std::to_string(ms_of(0)) +
            "&ato=" + std::to_string(ms_of(2))}) {
    const HttpResponse first = ask(path);
    EXPECT_EQ(header(first, "Cache-Control"), "private, max-age=600") << path;
    const std::string tag = header(first, "ETag");
    ASSERT_FALSE(tag.empty());
    now_ns_ += 1'000'000'000;
    const HttpResponse again = ask(path, {{"if-none-match", tag}});
    EXPECT_EQ(again.status, 304) << path;
    EXPECT_EQ(again.body, "");
  }
  for (const std::string& path :
       {"/flame?" + between(0, 6), std::string("/flame?from=-50s&to=-30s"),
        "/flame?" + between(0, 2) + "&afrom=-30s&ato=-20s"}) {
    EXPECT_EQ(header(ask(path), "ETag"), "") << path;
    EXPECT_EQ(header(ask(path), "Cache-Control"), "") << "no-store is said of all others";
  }
}

TEST_F(ApiFlameTest, WhatCouldNotBeReadIsNotKept) {
  history_->sync();
  const auto windows = history_->windows(kAllOfHistory);
  ASSERT_TRUE(windows.ok());
  const auto place = windows->at(1).place;
  ASSERT_TRUE(place.has_value());
  const std::string segment = base_.path() / "history" / segment_name(place->segment);
  std::fstream bytes(segment, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekp(static_cast<std::streamoff>(place->offset + 50));
  bytes.write("damage", 6);
  bytes.close();
  ASSERT_EQ(json("/flame?" + between(0, 5))["errors"].size(), 1U);
  for (const char* path : {"/flame?", "/profile?", "/profile?format=folded&"}) {
    EXPECT_EQ(header(ask(path + between(0, 5)), "Cache-Control"), "") << path;
    EXPECT_NE(header(ask(path + between(2, 5)), "Cache-Control"), "") << path;
  }
}

TEST_F(ApiFlameTest, EveryFormatIsMade) {
  const std::string range = "/profile?" + between(0, 6) + "&f=process%3Dweb&format=";
  const auto file = [&](const std::string& format, const std::string& extension,
                        const std::string& type) {
    const HttpResponse response = ask(range + format);
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.content_type, type);
    EXPECT_EQ(header(response, "Content-Disposition"),
              "attachment; filename=\"sonde-node-1-cpu-20231114T2213Z-1m." + extension + "\"");
    return response.body;
  };
  EXPECT_EQ(file("folded", "folded", "text/plain; charset=utf-8"),
            "web;[stack cut: no unwind row in web];app::work(int) 6\n"
            "web;main;app::work(int) 30\n"
            "web;main;app::work(int);schedule_[k] 12\n");
  EXPECT_THAT(file("svg", "svg", "image/svg+xml"), HasSubstr("app::work(int)"));
  EXPECT_THAT(file("html", "html", "text/html; charset=utf-8"), HasSubstr("app::work(int)"));
  EXPECT_THAT(file("speedscope", "speedscope.json", "application/json"),
              HasSubstr("app::work(int)"));
  const auto pprof = gzip_decompress(file("pprof", "pb.gz", "application/octet-stream"), 1 << 20);
  ASSERT_TRUE(pprof.ok());
  EXPECT_THAT(*pprof, HasSubstr("_ZN3app4workEi"));
}

TEST_F(ApiFlameTest, AProfileWithoutParametersHasTheOpenWindow) {
  const Json json = this->json("/profile");
  EXPECT_EQ(json["total"], 52 + 9);
  EXPECT_EQ(header(ask("/profile"), "Content-Disposition"), "") << "it is the answer of /flame";
  EXPECT_EQ(this->json("/profile?" + between(0, 6))["total"], 52);
  EXPECT_EQ(this->json("/profile?from=-50s&to=-30s")["total"], 8 + 9) << "whole windows";
  EXPECT_EQ(this->json("/profile?match=%7Bprocess%3D%22cron%22%7D")["total"], 5);
  EXPECT_THAT(ask("/profile?format=folded").body, HasSubstr("web;main;app::work(int) 35\n"));
}

TEST_F(ApiFlameTest, FileNamesAreOfPlainCharacters) {
  const TimeRange range{1'749'823'320'000'000'000, 1'749'823'320'000'000'000 + 90'000'000'000};
  EXPECT_EQ(profile_file_name("web 7/\"\n", "cpu", range), "sonde-web_7___-cpu-20250613T1402Z-90s");
  EXPECT_EQ(profile_file_name("a.b-c_d", "cpu", {range.from_ns, range.from_ns + 7'200'000'000'000}),
            "sonde-a.b-c_d-cpu-20250613T1402Z-2h");
  EXPECT_EQ(profile_file_name("h", "cpu", {range.from_ns, range.from_ns + 172'800'000'000'000}),
            "sonde-h-cpu-20250613T1402Z-2d");
}

TEST_F(ApiFlameTest, MistakesAreRefusedWithTheirParameter) {
  EXPECT_THAT(refusal("/flame?max=0"), HasSubstr("max: "));
  EXPECT_THAT(refusal("/flame?points=5"), HasSubstr("unknown parameter points"));
  EXPECT_THAT(refusal("/profile?format=pdf"), HasSubstr("format: "));
  EXPECT_THAT(refusal("/flame?f=pod"), HasSubstr("f: "));
}

}  // namespace
}  // namespace sonde
