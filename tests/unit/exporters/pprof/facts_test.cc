// SPDX-License-Identifier: Apache-2.0
#include "exporters/pprof/facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/sample_profile.h"

namespace sonde {
namespace {

ProfileFacts read_back(const std::vector<std::string>& texts) {
  ProfileFacts facts;
  for (const std::string& text : texts) facts.add(text);
  return facts;
}

TEST(FactsTest, CommentsArePlainKeyValueLines) {
  const auto facts = recording_facts(small_profile().meta);
  EXPECT_THAT(facts,
              testing::IsSupersetOf({"agent=sonde 0.1.0", "host=web-7", "cpus=2", "rate_hz=99",
                                     "ticks.expected=200", "ticks.missed=3", "lost.ring_full=1",
                                     "note.rows_unsupported=7", "cost.cpu_seconds=0.0625",
                                     "cost.bpf_ns_per_sample=1040"}));
}

TEST(FactsTest, FramesComeBackExactly) {
  const SymbolizedProfile profile = small_profile();
  std::vector<ProfileFrame> frames = profile.frames;
  for (ProfileFrame& frame : frames) {
    frame.origin = Origin::kUnresolved;
    frame.fp_step = false;
    frame.reason = "other";
  }
  ASSERT_TRUE(read_back(frame_facts(profile.frames)).apply(frames));
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].origin, profile.frames[i].origin) << i;
    EXPECT_EQ(frames[i].fp_step, profile.frames[i].fp_step) << i;
    EXPECT_EQ(frames[i].reason, profile.frames[i].reason) << i;
  }
}

TEST(FactsTest, RenumberedLocationsAreNotTouched) {
  const SymbolizedProfile profile = small_profile();
  std::vector<ProfileFrame> frames = profile.frames;
  std::swap(frames[0].address, frames[1].address);
  frames[0].reason = "kept";
  EXPECT_FALSE(read_back(frame_facts(profile.frames)).apply(frames));
  EXPECT_EQ(frames[0].reason, "kept");
}

TEST(FactsTest, HostileRunsAreRefused) {
  SymbolizedProfile profile = small_profile();
  const auto facts = frame_facts(profile.frames);
  std::string good;
  for (const std::string& comment : facts) {
    if (comment.starts_with("sonde.frames=")) good = comment;
  }
  const std::string hash = good.substr(0, good.find(':') + 1);
  for (const char* runs : {"", "99999999999999999999o", "11o", "9o", "10x", "10", "o10", "0o10o",
                           "18446744073709551615o11o"}) {
    EXPECT_FALSE(read_back({hash + runs}).apply(profile.frames)) << runs;
  }
  EXPECT_TRUE(read_back({hash + "10o", "sonde.reason.x=3-2,7", "sonde.reason.y=0-99"})
                  .apply(profile.frames));
  for (const ProfileFrame& frame : profile.frames) EXPECT_EQ(frame.reason, "");
}

TEST(FactsTest, UnknownKeysAndBadNumbersAreIgnored) {
  const ProfileFacts facts =
      read_back({"free text", "cpus=many", "future.key=1", "rate_hz=12x", "=", "lost.x=-1"});
  EXPECT_FALSE(facts.written_by_sonde());
  EXPECT_EQ(facts.meta().cpu_count, 0U);
  EXPECT_EQ(facts.meta().rate_hz, 0U);
  EXPECT_TRUE(facts.meta().lost.empty());
}

}  // namespace
}  // namespace sonde
