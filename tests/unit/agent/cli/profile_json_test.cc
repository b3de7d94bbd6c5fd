// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/profile_json.h"

#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"

namespace sonde {
namespace {

using test::ProfileBuilder;

SymbolizedProfile small() {
  ProfileBuilder b;
  b.add("app:3", "main;read@/lib/libc.so.6;vfs_read@[kernel.kallsyms]", 6)
      .add("app:3", "main;app+0x10@?/bin/app", 2, SONDE_STOP_NO_ROW)
      .add("app:4", "x", 2, SONDE_STOP_NO_MAPPING);
  b.profile.meta.ticks = {.expected = 20,
                          .missed = 1,
                          .run = 19,
                          .idle = 9,
                          .filtered = 0,
                          .thinned = 0,
                          .emitted = 10};
  b.profile.meta.lost = {{"missed", 1}};
  b.profile.meta.duration_ns = 1'500'000'000;
  b.profile.meta.begin_ns = 1'749'810'120'250'000'000;
  b.profile.meta.cost = {.cpu_seconds = 0.25,
                         .bpf_seconds = 0,
                         .rss_peak_bytes = 7,
                         .kernel_map_bytes = 8,
                         .bpf_ns_per_sample = 900};
  return b.profile;
}

TEST(ProfileJsonTest, HoldsEveryFigureThatReadersRelyOn) {
  const SymbolizedProfile profile = small();
  const Json out = profile_json(profile, ProfileSums(profile), 20);
  EXPECT_EQ(out["samples"], 10);
  EXPECT_EQ(out["lost"], Json({{"missed", 1}}));
  for (const char* key : {"expected", "missed", "idle", "filtered", "thinned", "emitted", "run"}) {
    EXPECT_TRUE(out["ticks"].contains(key)) << key;
  }
  EXPECT_EQ(out["ticks"]["expected"], 20);
  EXPECT_EQ(out["stacks"]["complete"], 6);
  EXPECT_EQ(out["stacks"]["truncated"], Json({{"no_mapping", 2}, {"no_row", 2}}));
  EXPECT_DOUBLE_EQ(out["stacks"]["whole_share"].get<double>(), 0.75);
  EXPECT_EQ(out["frames"]["total"], 6 * 3 + 2 * 2 + 2);
  EXPECT_EQ(out["frames"]["unresolved_leaf"], 2);
  EXPECT_EQ(out["agent"]["bpf_ns_per_sample"], 900);
  EXPECT_EQ(out["agent"]["cpu_s"], 0.25);
  EXPECT_EQ(out["top"][0]["function"], "vfs_read");
  EXPECT_EQ(out["top"][0]["image"], "[kernel.kallsyms]");
  EXPECT_EQ(out["top"][0]["self"], 6 * ProfileBuilder::kTickNs);
  EXPECT_DOUBLE_EQ(out["top"][0]["total_share"].get<double>(), 0.6);
  EXPECT_EQ(out["begin"], "2025-06-13T10:22:00.250Z");
  EXPECT_EQ(out["processes"][0]["pids"], Json({3, 4}));
}

TEST(ProfileJsonTest, NamesThatAreNotUtf8StillGiveJson) {
  ProfileBuilder b;
  b.add("\xff\xfe:1", "f\x80\x01", 1);
  const std::string text = json_text(profile_json(b.profile, ProfileSums(b.profile), 0));
  EXPECT_TRUE(parse_json(text)) << text;
}

TEST(ProfileJsonTest, ATreeNestsItsCalls) {
  ProfileBuilder b;
  b.add("a", "main;f;g", 2).add("a", "main;h", 1);
  const FunctionTable functions(b.profile);
  const Json tree = tree_json(functions, build_call_tree(b.profile, functions));
  ASSERT_EQ(tree.size(), 1U);
  EXPECT_EQ(tree[0]["function"], "main");
  EXPECT_EQ(tree[0]["calls"].size(), 2U);
}

}  // namespace
}  // namespace sonde
