// SPDX-License-Identifier: Apache-2.0
// Against the rules of speedscope's file-format-schema.json for sampled profiles.
#include "exporters/text/speedscope.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/support/sample_profile.h"

namespace sonde {
namespace {

Json parsed(const SymbolizedProfile& profile) {
  auto json = parse_json(encode_speedscope(profile));
  EXPECT_TRUE(json.ok()) << (json ? "" : json.error().message);
  return json ? std::move(*json) : Json();
}

void expect_valid(const Json& json) {
  EXPECT_EQ(json["$schema"], "https://www.speedscope.app/file-format-schema.json");
  const std::size_t frames = json["shared"]["frames"].size();
  for (const auto& frame : json["shared"]["frames"]) EXPECT_TRUE(frame["name"].is_string());
  for (const auto& profile : json["profiles"]) {
    EXPECT_EQ(profile["type"], "sampled");
    EXPECT_EQ(profile["unit"], "nanoseconds");
    ASSERT_EQ(profile["samples"].size(), profile["weights"].size());
    std::uint64_t sum = 0;
    for (const auto& weight : profile["weights"]) sum += weight.get<std::uint64_t>();
    EXPECT_EQ(profile["endValue"].get<std::uint64_t>(), sum);
    for (const auto& sample : profile["samples"]) {
      for (const auto& frame : sample) EXPECT_LT(frame.get<std::size_t>(), frames);
    }
  }
}

TEST(SpeedscopeTest, OneProfilePerProcessHeaviestFirst) {
  const Json json = parsed(small_profile());
  expect_valid(json);
  ASSERT_EQ(json["profiles"].size(), 3U);
  EXPECT_EQ(json["profiles"][0]["name"], "worker");
  EXPECT_EQ(json["profiles"][0]["endValue"], 80 * 10'101'010);
  const auto& sample = json["profiles"][0]["samples"][0];
  ASSERT_EQ(sample.size(), 4U);
  EXPECT_EQ(json["shared"]["frames"][sample[0].get<std::size_t>()]["name"], "_start");
  EXPECT_EQ(json["shared"]["frames"][sample[3].get<std::size_t>()]["name"], "app::spin(int)");
}

TEST(SpeedscopeTest, CutStacksAndKernelFramesAreMarked) {
  const std::string text = encode_speedscope(small_profile());
  EXPECT_NE(text.find("[stack cut: no unwind row in worker]"), std::string::npos);
  EXPECT_NE(text.find("do_user_addr_fault [k]"), std::string::npos);
}

TEST(SpeedscopeTest, EveryOtherProfileIsValidToo) {
  expect_valid(parsed(node_profile()));
  expect_valid(parsed(hostile_profile()));
  expect_valid(parsed(SymbolizedProfile{}));
}

}  // namespace
}  // namespace sonde
