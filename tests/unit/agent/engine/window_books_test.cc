// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/window_books.h"

#include <gtest/gtest.h>

#include "tests/support/balanced_books.h"

namespace sonde {
namespace {

// The kernel's and the session's counts since the start.
ProfileMeta total(std::uint64_t emitted, std::uint64_t idle, std::uint64_t missed,
                  std::uint64_t stack_limit = 0) {
  ProfileMeta meta;
  meta.ticks.emitted = emitted;
  meta.ticks.idle = idle;
  meta.ticks.run = emitted + idle;
  meta.ticks.missed = missed;
  meta.ticks.expected = meta.ticks.run + missed;
  if (missed > 0) meta.lost["missed"] = missed;
  if (stack_limit > 0) meta.lost["stack_limit"] = stack_limit;
  return meta;
}

ProfileMeta close(WindowBooks& books, const ProfileMeta& now, const WindowSamples& samples,
                  bool last) {
  books.observe(now);
  return books.close(samples, last);
}

TEST(WindowBooksTest, EachWindowBalancesAlthoughSamplesAreOnTheirWay) {
  WindowBooks books;
  // 100 emitted, 90 of them of this window, 10 of the next.
  const ProfileMeta first = close(books, total(100, 50, 0), {90, 100}, false);
  expect_balanced(first, 90);
  // Of the next one 5 found no room.
  const ProfileMeta second = close(books, total(160, 90, 3, 5), {60, 160}, false);
  expect_balanced(second, 60);
  EXPECT_EQ(second.ticks.missed, 3U);
  EXPECT_EQ(second.lost.at("stack_limit"), 5U);
  const ProfileMeta last = close(books, total(170, 91, 3, 5), {15, 170}, true);
  expect_balanced(last, 15);
  EXPECT_EQ(first.ticks.run + second.ticks.run + last.ticks.run, 170U + 91U);
}

TEST(WindowBooksTest, SamplesOfOptedOutProcessesAreFiltered) {
  WindowBooks books;
  ProfileMeta now = total(100, 50, 0);
  now.ticks.filtered = 7;
  now.ticks.run += 7;
  now.notes["opted_out"] = 4;
  const ProfileMeta first = close(books, now, {90, 100}, false);  // 6 on their way
  expect_balanced(first, 90);
  EXPECT_EQ(first.ticks.filtered, 11U);
  now = total(110, 50, 0);
  now.ticks.filtered = 7;
  now.ticks.run += 7;
  now.notes["opted_out"] = 9;
  const ProfileMeta last = close(books, now, {11, 110}, true);
  expect_balanced(last, 11);
  EXPECT_EQ(last.ticks.filtered, 5U);
  EXPECT_EQ(first.ticks.run + last.ticks.run, 167U);
}

TEST(WindowBooksTest, WhatSeemedMissedAndRanIsNotCountedTwice) {
  WindowBooks books;
  const ProfileMeta first = close(books, total(10, 0, 2), {10, 10}, false);
  const ProfileMeta second = close(books, total(20, 0, 1), {10, 20}, false);
  const ProfileMeta third = close(books, total(30, 0, 4), {10, 30}, true);
  EXPECT_EQ(first.ticks.missed, 2U);
  EXPECT_EQ(second.ticks.missed, 0U);
  EXPECT_EQ(third.ticks.missed, 2U);
  for (const ProfileMeta& meta : {first, second, third}) expect_balanced(meta, 10);
}

TEST(WindowBooksTest, TicksThatNobodyExplainsAreSaid) {
  WindowBooks books;
  close(books, total(100, 0, 0), {100, 100}, false);
  // 50 were emitted by the last look and only 40 of them have been seen by now.
  ProfileMeta now = total(150, 0, 0);
  EXPECT_EQ(close(books, now, {40, 140}, false).notes.count("unaccounted"), 0U)
      << "they may be on their way";
  EXPECT_EQ(close(books, total(150, 0, 0), {0, 140}, false).notes.at("unaccounted"), 10U);
  EXPECT_EQ(close(books, total(150, 0, 0), {0, 151}, true).notes.at("unaccounted"), 1U)
      << "more than there were";
}

TEST(WindowBooksTest, WindowsThatCloseInOneLookAreCheckedAgainstWhatWasBeforeIt) {
  WindowBooks books;
  close(books, total(100, 0, 0), {100, 100}, false);
  // The session slept through a window's end. Of 200 ticks 10 came after the rings were emptied.
  books.observe(total(300, 0, 0));
  const ProfileMeta first = books.close({120, 290}, false);
  const ProfileMeta second = books.close({70, 290}, false);
  expect_balanced(first, 120);
  expect_balanced(second, 70);
  EXPECT_EQ(close(books, total(310, 0, 0), {10, 299}, false).notes.at("unaccounted"), 1U);
}

TEST(WindowBooksTest, WhatWasCountedBeforeTheBeginIsNotOfTheFirstWindow) {
  WindowBooks books;
  ProfileMeta now = total(0, 0, 0);
  now.cost.cpu_seconds = 40;
  now.notes["worker_restarts"] = 2;
  books.begin(now);
  now = total(10, 0, 0);
  now.cost.cpu_seconds = 41;
  now.notes["worker_restarts"] = 3;
  const ProfileMeta window = close(books, now, {10, 10}, false);
  expect_balanced(window, 10);
  EXPECT_DOUBLE_EQ(window.cost.cpu_seconds, 1);
  EXPECT_EQ(window.notes.at("worker_restarts"), 1U);
}

TEST(WindowBooksTest, PartsThatDoNotSumUpAreSaid) {
  WindowBooks books;
  ProfileMeta broken = total(100, 0, 0);
  broken.ticks.run += 7;
  EXPECT_EQ(close(books, broken, {100, 100}, true).notes.at("unaccounted"), 7U);
}

TEST(WindowBooksTest, StatesAreAsTheyAreAndCountsAreDifferences) {
  WindowBooks books;
  ProfileMeta now = total(1, 0, 0);
  now.notes = {{"images", 30}, {"rescans", 2}};
  now.cost.cpu_seconds = 1.5;
  close(books, now, {1, 1}, false);
  now.notes = {{"images", 31}, {"rescans", 3}};
  now.cost.cpu_seconds = 1.75;
  const ProfileMeta window = close(books, now, {0, 1}, false);
  EXPECT_EQ(window.notes.at("images"), 31U);
  EXPECT_EQ(window.notes.at("rescans"), 1U);
  EXPECT_DOUBLE_EQ(window.cost.cpu_seconds, 0.25);
}

}  // namespace
}  // namespace sonde
