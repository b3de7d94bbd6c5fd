// SPDX-License-Identifier: Apache-2.0
#include "agent/store/charge_sums.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/read_history.h"

namespace sonde {
namespace {

std::vector<LabelMatcher> matchers(std::string_view selector) {
  auto parsed = parse_selector(selector);
  EXPECT_TRUE(parsed.ok()) << selector;
  return parsed ? *std::move(parsed) : std::vector<LabelMatcher>{};
}

// A window with `samples` of one process in each cgroup.
ClosedWindow window_of(const std::vector<std::pair<std::string, std::uint64_t>>& cgroups,
                       std::vector<CgroupCharge> charges, std::uint64_t host_ns = 1'000) {
  WindowBuilder window(0);
  std::uint32_t pid = 1;
  for (const auto& [path, samples] : cgroups) {
    Labels labels{{"process", "p"}, {"pid", std::to_string(pid)}};
    if (!path.empty()) labels["cgroup"] = path;
    if (path.starts_with("/pods/")) labels["pod"] = path.substr(6);
    window.stack(window.process(pid++, labels), {SONDE_KERNEL_FRAME(1)}, samples);
  }
  window.window().charges = CpuCharges{host_ns, "cpu.stat", std::move(charges)};
  return window.done();
}

TEST(ChargeSumsTest, TheHostHasEverySampleOfWindowsThatWereRead) {
  ChargeSums sums;
  sums.add(window_of({{"/a", 5}, {"", 2}}, {}, 400'000'000));
  sums.add(window_of({}, {}, 30));
  ClosedWindow unread = window_of({{"/a", 100}}, {});
  unread.charges.reset();
  sums.add(unread);
  ClosedWindow filtered = window_of({{"/a", 100}}, {});
  filtered.meta.ticks.filtered = 1;
  sums.add(filtered);
  EXPECT_EQ(sums.host().samples, 7U);
  EXPECT_EQ(sums.host().sampled_ns, 7 * kTickNs);
  EXPECT_EQ(sums.host().charged_ns, 400'000'030U);
  EXPECT_EQ(sums.host().windows, 2U);
  EXPECT_NEAR(std::sqrt(sums.host().variance_ns2), std::sqrt(7.0) * kTickNs, 1);
  EXPECT_EQ(sums.source(), "cpu.stat");
}

TEST(ChargeSumsTest, ACgroupCountsInWindowsThatHaveBothSidesOfIt) {
  ChargeSums sums;
  sums.add(window_of({{"/a", 9}, {"/b", 1}}, {{"/b", 70}}));  // /a: was not read at its begin
  sums.add(window_of({{"/a", 3}}, {{"/a", 200}, {"/b", 5}}));
  const auto a = sums.of(matchers("cgroup=\"/a\""));
  EXPECT_EQ(a.cgroups, 1U);
  EXPECT_EQ(a.sum.samples, 3U);
  EXPECT_EQ(a.sum.charged_ns, 200U);
  EXPECT_EQ(a.sum.windows, 1U);
  const auto b = sums.of(matchers("cgroup=\"/b\""));
  EXPECT_EQ(b.sum.samples, 1U);
  EXPECT_EQ(b.sum.charged_ns, 75U) << "a window without a sample of it counts too";
  EXPECT_EQ(b.sum.windows, 2U);
  const auto both = sums.of(matchers("cgroup=~\"/.*\""));
  EXPECT_EQ(both.cgroups, 2U);
  EXPECT_EQ(both.sum.samples, 4U);
  EXPECT_EQ(both.sum.charged_ns, 275U);
  EXPECT_EQ(sums.of(matchers("cgroup=\"/c\"")).cgroups, 0U);
}

TEST(ChargeSumsTest, WhatIsChargedBelowACgroupIsNotItsOwn) {
  ChargeSums sums;
  // /a has 1,000 in all: 100 of its own, 300 of /a/b's own, 600 of /a/b/c/d; /ab is another one.
  sums.add(window_of({{"/a", 1}, {"/a/b", 3}, {"/a/b/c/d", 6}, {"/ab", 2}},
                     {{"/a", 1'000}, {"/a/b", 900}, {"/a/b/c/d", 600}, {"/ab", 40}}));
  const auto charged = [&](std::string_view selector) {
    return sums.of(matchers(selector)).sum.charged_ns;
  };
  EXPECT_EQ(charged("cgroup=\"/a\""), 100U);
  EXPECT_EQ(charged("cgroup=\"/a/b\""), 300U);
  EXPECT_EQ(charged("cgroup=\"/a/b/c/d\""), 600U);
  EXPECT_EQ(charged("cgroup=~\"/a(/.*)?\""), 1'000U);
  EXPECT_EQ(charged("cgroup!=\"/a/b\""), 740U);
  EXPECT_EQ(sums.of(matchers("cgroup=~\"/a(/.*)?\"")).sum.samples, 10U);
}

TEST(ChargeSumsTest, TornReadingsOfNestedOnesDoNotWrap) {
  ChargeSums sums;
  sums.add(window_of({{"/a", 1}, {"/a/b", 3}}, {{"/a", 99}, {"/a/b", 100}}));
  EXPECT_EQ(sums.of(matchers("cgroup=\"/a\"")).sum.charged_ns, 0U);
  EXPECT_EQ(sums.of(matchers("cgroup=\"/a/b\"")).sum.charged_ns, 100U);
}

TEST(ChargeSumsTest, ANewCgroupBelowOneIsInItsFigureAndSoNeitherCounts) {
  ChargeSums sums;
  sums.add(window_of({{"/a", 1}, {"/a/new", 3}, {"/b", 1}}, {{"/a", 99}, {"/b", 7}}));
  EXPECT_EQ(sums.of(matchers("cgroup=~\"/a.*\"")).cgroups, 0U);
  EXPECT_EQ(sums.of(matchers("cgroup=\"/b\"")).sum.charged_ns, 7U);
  EXPECT_EQ(sums.host().samples, 5U);
}

TEST(ChargeSumsTest, LabelsOfACgroupAreKnownFromAnyWindowOfTheRange) {
  ChargeSums sums;
  sums.add(window_of({}, {{"/pods/x", 30}}));  // before its first sample
  sums.add(window_of({{"/pods/x", 2}, {"/pods/y", 2}}, {{"/pods/x", 40}, {"/pods/y", 5}}));
  const auto x = sums.of(matchers("pod=\"x\""));
  EXPECT_EQ(x.sum.charged_ns, 70U);
  EXPECT_EQ(x.sum.samples, 2U);
  EXPECT_EQ(sums.of(matchers("pod!=\"x\"")).sum.charged_ns, 5U);
}

TEST(ChargeSumsTest, OnlyConditionsOnWholeCgroupsSelectThem) {
  EXPECT_FALSE(ChargeSums::selects_cgroups({}));
  EXPECT_TRUE(ChargeSums::selects_cgroups(matchers("cgroup=\"/a\",pod!=\"x\"")));
  EXPECT_TRUE(ChargeSums::selects_cgroups(matchers("container=~\".+\",namespace=\"n\"")));
  for (const char* selector : {"process=\"p\"", "pid=\"1\"", "image=\"/x\"", "thread=\"t\"",
                               "cgroup=\"/a\",process=\"p\""}) {
    EXPECT_FALSE(ChargeSums::selects_cgroups(matchers(selector))) << selector;
  }
}

TEST(ChargeSumsTest, CgroupsPastTheLimitAreLeftOutOnBothSides) {
  ChargeSums sums;
  std::vector<std::pair<std::string, std::uint64_t>> sampled;
  std::vector<CgroupCharge> charged;
  for (std::size_t i = 0; i < ChargeSums::kMaxCgroups + 5; ++i) {
    const std::string path = "/" + std::to_string(1'000'000 + i);
    sampled.emplace_back(path, 1);
    charged.push_back({path, 10});
  }
  sums.add(window_of(sampled, charged));
  const auto all = sums.of(matchers("cgroup=~\"/.*\""));
  EXPECT_EQ(all.cgroups, ChargeSums::kMaxCgroups);
  EXPECT_EQ(all.sum.samples, ChargeSums::kMaxCgroups);
  EXPECT_EQ(all.sum.charged_ns, 10 * ChargeSums::kMaxCgroups);
}

}  // namespace
}  // namespace sonde
