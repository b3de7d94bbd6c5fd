// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/flame_payload.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/support/sample_profile.h"

namespace sonde {
namespace {

std::string payload_text(const SymbolizedProfile& profile) {
  return flame_payload(profile, FlameTree::build(profile, kMaxNodesOfPage));
}

Json payload(const SymbolizedProfile& profile) {
  auto json = parse_json(payload_text(profile));
  EXPECT_TRUE(json.ok()) << (json ? "" : json.error().message);
  return json ? std::move(*json) : Json();
}

// A walk of the arrays as the page does it: levels step by at most one, sums add up.
void expect_consistent(const Json& json) {
  const std::size_t nodes = json["f"].size();
  ASSERT_EQ(json["d"].size(), nodes);
  ASSERT_EQ(json["s"].size(), nodes);
  ASSERT_EQ(json["fn"].size(), json["fi"].size());
  ASSERT_EQ(json["fn"].size(), json["fk"].size());
  std::int64_t level = 0;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < nodes; ++i) {
    const auto step = json["d"][i].get<std::int64_t>();
    EXPECT_LE(step, 1);
    level += step;
    EXPECT_GE(level, i == 0 ? 0 : 1);
    EXPECT_LT(json["f"][i].get<std::size_t>(), json["fn"].size());
    sum += json["s"][i].get<std::uint64_t>();
  }
  EXPECT_EQ(sum, json["total"].get<std::uint64_t>());
  for (const auto& name : json["fn"]) EXPECT_LT(name.get<std::size_t>(), json["names"].size());
  for (const auto& image : json["fi"]) EXPECT_LT(image.get<std::size_t>(), json["images"].size());
}

TEST(FlamePayloadTest, SmallProfileSaysWhatItIs) {
  const Json json = payload(small_profile());
  expect_consistent(json);
  EXPECT_EQ(json["v"], 1);
  EXPECT_EQ(json["type"], "cpu");
  EXPECT_EQ(json["unit"], "nanoseconds");
  EXPECT_EQ(json["tick"], 10'101'010);
  EXPECT_EQ(json["from"], 1'749'810'120'000);
  EXPECT_EQ(json["to"], 1'749'810'121'010);
  EXPECT_EQ(json["ncpu"], 2);
  EXPECT_EQ(json["samples"], 100);
  EXPECT_EQ(json["total"], 100);
  EXPECT_EQ(json["rates"], Json::parse("[99]"));
  EXPECT_EQ(
      json["trust"],
      Json::parse(R"({"produced":104,"lost":4,"missed":3,"expected":200,"whole":94,"early":0})"));
  EXPECT_EQ(json["meta"]["lost"]["ring_full"], 1);
  EXPECT_EQ(json["meta"]["stops"]["no_row"], 6);
  EXPECT_EQ(json["meta"]["explain"]["no_row"],
            "no unwind row covers the code and no frame pointer led on");
  EXPECT_EQ(json["images"][1], Json::parse(R"(["/srv/app/worker","5d1e00a07c"])"));
  EXPECT_FALSE(json.contains("n"));
}

TEST(FlamePayloadTest, KindsFlagsAndReasonsAreInTheFrameTable) {
  const Json json = payload(small_profile());
  std::map<std::string, int> kinds;
  for (std::size_t i = 0; i < json["fn"].size(); ++i) {
    kinds[json["names"][json["fn"][i].get<std::size_t>()]] = json["fk"][i];
  }
  EXPECT_EQ(kinds["worker"], 0);
  EXPECT_EQ(kinds["main"], 1);
  EXPECT_EQ(kinds["__libc_start_main"], 2);
  EXPECT_EQ(kinds["do_user_addr_fault"], 3);
  EXPECT_EQ(kinds["LazyCompile:*handle"], 4);
  EXPECT_EQ(kinds["worker+0x4f20"], 5);
  EXPECT_EQ(kinds["stack cut: no unwind row in worker"], 7);
  EXPECT_EQ(kinds["copy"], 1 + 8 * 2);
  EXPECT_EQ(json["r"].size(), 4U);
}

TEST(FlamePayloadTest, NamesAreHottestFirstAndUnique) {
  const Json json = payload(node_profile());
  expect_consistent(json);
  std::set<std::string> seen;
  for (const auto& name : json["names"]) EXPECT_TRUE(seen.insert(name).second);
  EXPECT_EQ(json["names"][0], "enqueue_to_backlog");
}

TEST(FlamePayloadTest, HostileNamesCannotLeaveAScriptElement) {
  const std::string text = payload_text(hostile_profile());
  EXPECT_EQ(text.find_first_of("<>&"), std::string::npos);
  EXPECT_EQ(text.find("\xe2\x80\xa8"), std::string::npos);
  const Json json = payload(hostile_profile());
  expect_consistent(json);
  for (const auto& name : json["names"]) EXPECT_LE(name.get<std::string>().size(), 4096U);
}

TEST(FlamePayloadTest, WeightedProfilesCarrySamples) {
  SymbolizedProfile profile = small_profile();
  profile.stacks[0].cpu_ns *= 3;
  const Json json = payload(profile);
  expect_consistent(json);
  EXPECT_EQ(json["tick"], 1000);
  ASSERT_EQ(json["n"].size(), json["s"].size());
  std::uint64_t samples = 0;
  for (const auto& count : json["n"]) samples += count.get<std::uint64_t>();
  EXPECT_EQ(samples, 100U);
}

TEST(FlamePayloadTest, AHundredThousandNodesAreWhole) {
  const Json json = payload(large_profile(130'000));
  expect_consistent(json);
  EXPECT_GT(json["f"].size(), 100'000U);
  EXPECT_GT(json["more"]["nodes"].get<std::uint64_t>(), 0U);
}

TEST(FlamePayloadTest, NumbersThatJsonLacksBecomeZero) {
  SymbolizedProfile profile = small_profile();
  profile.meta.cost.cpu_seconds = std::numeric_limits<double>::quiet_NaN();
  profile.meta.cost.bpf_seconds = std::numeric_limits<double>::infinity();
  EXPECT_EQ(payload(profile)["meta"]["cost"]["cpu_seconds"], 0);
}

TEST(FlamePayloadTest, EmptyProfilesAreValid) { expect_consistent(payload(SymbolizedProfile{})); }

TEST(FlamePayloadTest, AnAnswerOfTheAgentSaysMore) {
  const SymbolizedProfile profile = small_profile();
  const FlameTree tree = FlameTree::build(profile, kMaxNodesOfPage);
  const FlameAnswer answer{.from_ns = 5'000'000'000,
                           .to_ns = 9'000'000'000,
                           .history_ns = 2'000'000'000,
                           .rates = {19, 5},
                           .stored = 250,
                           .unaccounted = 3,
                           .errors = {"2 of 9 windows could not be read: \x01"},
                           .before = {}};
  auto parsed = parse_json(flame_payload(profile, tree, answer));
  ASSERT_TRUE(parsed.ok());
  const Json& json = *parsed;
  expect_consistent(json);
  EXPECT_EQ(json["from"], 5'000);
  EXPECT_EQ(json["to"], 9'000);
  EXPECT_EQ(json["history"], 2'000);
  EXPECT_EQ(json["rates"], Json::parse("[19,5]"));
  EXPECT_EQ(json["trust"]["unaccounted"], 3);
  EXPECT_EQ(json["trust"]["produced"], 254) << "of all samples, whatever was chosen";
  EXPECT_EQ(json["trust"]["whole"], 94);
  EXPECT_EQ(json["errors"][0], "2 of 9 windows could not be read: \x01");
  EXPECT_FALSE(json.contains("b"));
}

TEST(FlamePayloadTest, AComparisonHasBothSides) {
  const SymbolizedProfile profile = small_profile();
  const std::vector<ProfileStack> before = {profile.stacks[0]};
  const FlameTree tree =
      FlameTree::build(profile, {.max_nodes = kMaxNodesOfPage, .before = &before});
  ProfileMeta meta;
  meta.duration_ns = 2'500'000'000;
  meta.ticks.expected = 200;
  meta.lost = {{"missed", 3}, {"ring_full", 4}};
  const FlameAnswer answer{.from_ns = 5'000'000'000,
                           .to_ns = 9'000'000'000,
                           .rates = {99},
                           .before = FlameAnswer::Before{.from_ns = 1'000'000'000,
                                                         .to_ns = 4'000'000'000,
                                                         .stored = 90,
                                                         .unaccounted = 1,
                                                         .meta = meta}};
  auto parsed = parse_json(flame_payload(profile, tree, answer));
  ASSERT_TRUE(parsed.ok());
  const Json& json = *parsed;
  expect_consistent(json);
  ASSERT_EQ(json["b"].size(), json["s"].size());
  std::uint64_t sum = 0;
  for (const auto& self : json["b"]) sum += self.get<std::uint64_t>();
  EXPECT_EQ(json["btotal"], sum);
  EXPECT_EQ(json["bsamples"], before[0].samples);
  EXPECT_EQ(json["bfrom"], 1'000);
  EXPECT_EQ(json["bto"], 4'000);
  EXPECT_EQ(json["bduration_ns"], 2'500'000'000);
  EXPECT_EQ(json["btrust"], (Json{{"produced", 97},
                                  {"lost", 7},
                                  {"missed", 3},
                                  {"expected", 200},
                                  {"whole", before[0].samples},
                                  {"early", 0},
                                  {"unaccounted", 1}}));
}

}  // namespace
}  // namespace sonde
