// SPDX-License-Identifier: Apache-2.0
#include "core/model/books.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sonde {
namespace {

// 1,000 expected ticks: 20 missed, 700 idle, 30 lost in the kernel, 250 emitted, 10 lost after.
ProfileMeta balanced() {
  ProfileMeta meta;
  meta.ticks = {.expected = 1'000, .missed = 20, .run = 980, .idle = 700, .emitted = 250};
  meta.lost = {{"missed", 20}, {"ring_full", 30}, {"damaged_record", 4}, {"stack_limit", 6}};
  return meta;
}
constexpr std::uint64_t kStored = 240;

TEST(BooksTest, BalancedBooksExplainEveryTick) {
  EXPECT_EQ(unaccounted_ticks(balanced(), kStored), 0U);
}

TEST(BooksTest, EveryEquationIsChecked) {
  const auto off = [](std::uint64_t TickLedger::*field, std::uint64_t by) {
    ProfileMeta meta = balanced();
    meta.ticks.*field += by;
    return unaccounted_ticks(meta, kStored);
  };
  EXPECT_EQ(off(&TickLedger::expected, 3), 3U);
  EXPECT_EQ(off(&TickLedger::idle, 2), 2U);
  EXPECT_EQ(off(&TickLedger::thinned, 2), 2U);
  EXPECT_EQ(off(&TickLedger::run, 1), 2U) << "two equations have it; they do not cancel out";
  EXPECT_EQ(unaccounted_ticks(balanced(), kStored - 1), 1U);
  ProfileMeta meta = balanced();
  meta.lost["ring_full"] -= 5;
  EXPECT_EQ(unaccounted_ticks(meta, kStored), 5U);
}

TEST(BooksTest, WhatAWindowCouldNotExplainCounts) {
  ProfileMeta meta = balanced();
  meta.notes["unaccounted"] = 7;
  EXPECT_EQ(unaccounted_ticks(meta, kStored), 7U);
}

TEST(BooksTest, EveryReasonBelongsToOneSide) {
  EXPECT_EQ(side_of_loss("missed"), LossSide::kClock);
  EXPECT_EQ(side_of_loss("ring_full"), LossSide::kKernel);
  EXPECT_EQ(side_of_loss("stack_limit"), LossSide::kUser);
  EXPECT_STREQ(to_string(LossSide::kClock), "clock");
  EXPECT_STREQ(to_string(LossSide::kKernel), "kernel");
  EXPECT_STREQ(to_string(LossSide::kUser), "user");
}

TEST(BooksTest, MissedTicksAreAShareOfTheTicksAndLostSamplesOfTheSamples) {
  ProfileMeta meta;
  meta.lost = {{"missed", 5}, {"ring_full", 10}};
  EXPECT_DOUBLE_EQ(lost_share(meta, 85), 0.15);  // no ledger: all of them are samples
  meta.ticks.expected = 50'000;
  EXPECT_DOUBLE_EQ(lost_share(meta, 90), 0.1 + 0.0001);
  meta.lost = {{"missed", 5}};
  EXPECT_DOUBLE_EQ(lost_share(meta, 25), 0.0001);  // an idle host
  meta.lost.clear();
  EXPECT_EQ(lost_share(meta, 0), 0);
}

TEST(BooksTest, SumsHaveTheBeginOfTheFirstAndTheFactsOfTheLast) {
  MetaSum sum;
  ProfileMeta meta = balanced();
  meta.host = "old";
  meta.rate_hz = 19;
  meta.begin_ns = 5;
  meta.duration_ns = 10;
  meta.notes = {{"images", 9}, {"rescans", 2}};
  meta.cost = {.cpu_seconds = 1, .bpf_seconds = 0.001, .rss_peak_bytes = 70, .kernel_map_bytes = 4};
  sum.add(meta);
  meta.host = "new";
  meta.rate_hz = 5;
  meta.begin_ns = 50;
  meta.notes = {{"images", 7}, {"rescans", 1}};
  meta.cost.rss_peak_bytes = 60;
  sum.add(meta);
  EXPECT_EQ(sum.windows(), 2U);
  EXPECT_EQ(sum.meta().host, "new");
  EXPECT_EQ(sum.meta().begin_ns, 5U);
  EXPECT_EQ(sum.meta().duration_ns, 20U);
  EXPECT_EQ(sum.meta().ticks.expected, 2'000U);
  EXPECT_EQ(sum.meta().lost.at("stack_limit"), 12U);
  EXPECT_EQ(sum.meta().notes.at("images"), 9U);
  EXPECT_EQ(sum.meta().notes.at("rescans"), 3U);
  EXPECT_EQ(sum.meta().cost.cpu_seconds, 2);
  EXPECT_EQ(sum.meta().cost.rss_peak_bytes, 70U);
  EXPECT_EQ(sum.meta().cost.bpf_ns_per_sample, 4'000U);
  EXPECT_THAT(sum.rates(), testing::ElementsAre(19, 5));
  EXPECT_EQ(unaccounted_ticks(sum.meta(), 2 * kStored), 0U);
}

}  // namespace
}  // namespace sonde
