// SPDX-License-Identifier: Apache-2.0
#include "agent/store/window_index.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "agent/store/window_codec.h"
#include "tests/support/closed_window_sample.h"
#include "tests/support/resource_limit.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

constexpr HistoryRange kAll{0, ~std::uint64_t{0}};

class WindowIndexTest : public testing::Test {
 protected:
  void SetUp() override { open_journal(); }
  void open_journal() {
    journal_.reset();
    auto journal = Journal::open(options_);
    ASSERT_TRUE(journal.ok()) << journal.error().message;
    journal_ = std::move(*journal);
  }
  WindowIndex open_index() {
    auto index = WindowIndex::open(path_);
    EXPECT_TRUE(index.ok()) << index.error().message;
    return std::move(*index);
  }
  void append(std::uint64_t number, const std::string& process = "program") {
    const ClosedWindow window = closed_window_of(process, number);
    ASSERT_TRUE(journal_
                    ->append(kWindowRecord, window.meta.begin_ns + window.meta.duration_ns,
                             encode_window(window))
                    .ok());
  }
  static std::vector<std::uint64_t> sequences(WindowIndex& index,
                                              const HistoryRange& range = kAll) {
    std::vector<std::uint64_t> out;
    auto windows = index.windows(range);
    EXPECT_TRUE(windows.ok());
    for (const IndexedWindow& window : *windows) out.push_back(window.sequence);
    return out;
  }
  // Labels of everything that has a sum.
  static std::map<std::uint64_t, Labels> targets(WindowIndex& index) {
    std::vector<std::uint64_t> ids;
    const auto rows = index.totals(kAll);
    for (const TotalsRow& row : *rows) ids.push_back(row.target);
    std::map<std::uint64_t, Labels> out;
    const auto read = index.each_target(
        ids, [&](std::uint64_t id, const Labels& labels) { out.emplace(id, labels); });
    EXPECT_TRUE(read.ok());
    return out;
  }
  void follow(WindowIndex& index) {
    auto done = index.follow(*journal_, 1'000'000);
    ASSERT_TRUE(done.ok()) << done.error().message;
    EXPECT_TRUE(*done);
  }

  static constexpr std::uint64_t kBegin = 1'700'000'000'000'000'000;
  static constexpr std::uint64_t kTen = 10'000'000'000;
  const TemporaryDirectory base_;
  const JournalOptions options_{
      .directory = base_.path() / "history", .max_bytes = 512 << 10, .segment_bytes = 64 << 10};
  const std::string path_ = base_.path() / "index.db";
  std::unique_ptr<Journal> journal_;
};

TEST_F(WindowIndexTest, FindsWindowsByTheirRange) {
  for (std::uint64_t i = 0; i < 20; ++i) append(i);
  WindowIndex index = open_index();
  EXPECT_TRUE(index.is_new());
  follow(index);
  EXPECT_EQ(sequences(index).size(), 20U);
  EXPECT_EQ(sequences(index, {kBegin + 3 * kTen, kBegin + 5 * kTen}),
            (std::vector<std::uint64_t>{4, 5}));
  EXPECT_EQ(sequences(index, {kBegin + 3 * kTen, kBegin + 3 * kTen + 1}),
            (std::vector<std::uint64_t>{4}))
      << "it begins in it";
  EXPECT_TRUE(sequences(index, {kBegin + 3 * kTen + 1, kBegin + 4 * kTen}).empty())
      << "inside a window that began before";
  EXPECT_TRUE(sequences(index, {0, kBegin}).empty());
  EXPECT_TRUE(sequences(index, {kBegin + 20 * kTen, kBegin + 90 * kTen}).empty());
  const auto extent = index.extent();
  EXPECT_EQ(extent->oldest_begin_ns, kBegin);
  EXPECT_EQ(extent->newest_begin_ns, kBegin + 19 * kTen);
  EXPECT_EQ(extent->newest_end_ns, kBegin + 20 * kTen);
  EXPECT_EQ(extent->windows, 20U);
}

TEST_F(WindowIndexTest, KeepsPlacesAndSums) {
  const ClosedWindow window = closed_window_sample();
  ASSERT_TRUE(journal_->append(kWindowRecord, 1, encode_window(window)).ok());
  WindowIndex index = open_index();
  follow(index);
  const auto windows = index.windows(kAll);
  ASSERT_EQ(windows->size(), 1U);
  const IndexedWindow& found = windows->front();
  EXPECT_EQ(found.lost, 21U);
  EXPECT_EQ(found.totals.samples, 84U);
  const auto record = journal_->read(found.place);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->payload, encode_window(window));
  const auto labels = targets(index);
  const auto rows = index.totals(kAll);
  ASSERT_EQ(rows->size(), 2U);
  for (const TargetTotals& target : totals_of(window).targets) {
    const auto row = std::ranges::find_if(
        *rows, [&](const TotalsRow& one) { return labels.at(one.target) == target.labels; });
    ASSERT_NE(row, rows->end());
    EXPECT_EQ(row->totals, target.totals);
  }
}

TEST_F(WindowIndexTest, TotalsAreOfWindowsOfTheRange) {
  for (std::uint64_t i = 0; i < 9; ++i) append(i, i % 2 == 0 ? "even" : "odd");
  WindowIndex index = open_index();
  follow(index);
  EXPECT_EQ(targets(index).size(), 6U) << "two names, three pids";
  std::uint64_t samples = 0;
  const auto rows = index.totals({kBegin, kBegin + 4 * kTen});
  for (const TotalsRow& row : *rows) samples += row.totals.samples;
  EXPECT_EQ(samples, 40U);
}

TEST_F(WindowIndexTest, GoesOnWhereItWasAfterReopening) {
  for (std::uint64_t i = 0; i < 5; ++i) append(i);
  {
    WindowIndex index = open_index();
    follow(index);
  }
  for (std::uint64_t i = 5; i < 8; ++i) append(i);
  WindowIndex index = open_index();
  EXPECT_FALSE(index.is_new());
  EXPECT_EQ(sequences(index).size(), 5U) << "what it had is there before anything is read";
  follow(index);
  EXPECT_EQ(sequences(index).size(), 8U);
}

TEST_F(WindowIndexTest, FollowsInPiecesOfTheSizeAskedFor) {
  for (std::uint64_t i = 0; i < 30; ++i) append(i);
  WindowIndex index = open_index();
  EXPECT_FALSE(*index.follow(*journal_, 0));
  EXPECT_FALSE(*index.follow(*journal_, 20));
  EXPECT_EQ(sequences(index).size(), 20U);
  EXPECT_TRUE(*index.follow(*journal_, 20));
  EXPECT_EQ(sequences(index).size(), 30U);
}

TEST_F(WindowIndexTest, ForgetsWhatTheJournalShedWithItsLabels) {
  append(0, "gone");
  {
    WindowIndex index = open_index();
    follow(index);
    ASSERT_EQ(targets(index).size(), 1U);
    for (std::uint64_t i = 1; i < 8'000; ++i) append(i);
    follow(index);
    const std::vector<std::uint64_t> kept = sequences(index);
    EXPECT_EQ(kept.front(), journal_->begin());
    EXPECT_EQ(kept.back() + 1, journal_->end());
    EXPECT_GT(journal_->begin(), 1U);
    for (const auto& [id, labels] : targets(index)) EXPECT_NE(labels.at("process"), "gone");
  }
  auto file = Database::open(path_);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*file->number("SELECT count(*) FROM targets"), 3U) << "the others' pids";
}

TEST_F(WindowIndexTest, AnyFileThatIsNoIndexIsMadeAnew) {
  for (std::uint64_t i = 0; i < 5; ++i) append(i);
  for (const std::string& content :
       {std::string(""), std::string("no database"), std::string(100'000, 'x')}) {
    std::ofstream(path_, std::ios::trunc) << content;
    WindowIndex index = open_index();
    EXPECT_TRUE(index.is_new());
    follow(index);
    EXPECT_EQ(sequences(index).size(), 5U);
  }
  { ASSERT_TRUE(Database::open(path_)->run("PRAGMA user_version=77").ok()); }
  EXPECT_TRUE(open_index().is_new()) << "of another version";
}

TEST_F(WindowIndexTest, DamageAnywhereIsAnErrorOrHarmlessAndAFreshOneFindsAll) {
  for (std::uint64_t i = 0; i < 300; ++i) append(i);
  {
    WindowIndex index = open_index();
    follow(index);
  }
  std::ifstream file(path_, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(file)), {});
  std::mt19937_64 random(5);
  for (int round = 0; round < 60; ++round) {
    std::string damaged = whole;
    if (round % 3 == 0) {
      damaged.resize(random() % whole.size());
    } else {
      for (int i = 0; i < 40; ++i) damaged[random() % whole.size()] = static_cast<char>(random());
    }
    WindowIndex::remove(path_);
    std::ofstream(path_, std::ios::binary) << damaged;
    auto index = WindowIndex::open(path_);
    ASSERT_TRUE(index.ok()) << index.error().message;
    (void)index->follow(*journal_, 1'000);
    (void)index->windows(kAll);
    (void)index->totals(kAll);
    (void)index->each_target(std::vector<std::uint64_t>{1, 2, 3}, [](auto, const Labels&) {});
  }
  WindowIndex::remove(path_);
  WindowIndex index = open_index();
  follow(index);
  EXPECT_EQ(sequences(index).size(), 300U);
}

TEST_F(WindowIndexTest, WindowsThatAPowerCutTookFromTheJournalAreForgotten) {
  for (std::uint64_t i = 0; i < 10; ++i) append(i);
  const RecordPlace last =
      journal_->append(kWindowRecord, 1, encode_window(closed_window_of("lost", 10))).value();
  {
    WindowIndex index = open_index();
    follow(index);
    EXPECT_EQ(sequences(index).size(), 11U);
  }
  journal_.reset();
  std::filesystem::resize_file(
      std::filesystem::path(options_.directory) / segment_name(last.segment), last.offset);
  open_journal();
  WindowIndex index = open_index();
  follow(index);
  EXPECT_EQ(sequences(index).size(), 10U);
  append(10);
  follow(index);
  EXPECT_EQ(sequences(index), (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
}

// As where the first look found no space to forget what was lost.
TEST_F(WindowIndexTest, WhatAPowerCutTookIsForgottenAlsoOnceOthersHaveItsPlace) {
  for (std::uint64_t i = 0; i < 9; ++i) append(i);
  const RecordPlace last =
      journal_->append(kWindowRecord, 1, encode_window(closed_window_of("lost", 9))).value();
  {
    WindowIndex index = open_index();
    follow(index);
  }
  journal_.reset();
  std::filesystem::resize_file(
      std::filesystem::path(options_.directory) / segment_name(last.segment), last.offset);
  open_journal();
  for (std::uint64_t i = 20; i < 25; ++i) append(i);
  WindowIndex index = open_index();
  follow(index);
  EXPECT_EQ(sequences(index, {kBegin, kBegin + 10 * kTen}).size(), 9U);
  EXPECT_EQ(sequences(index, {kBegin + 20 * kTen, kBegin + 25 * kTen}),
            (std::vector<std::uint64_t>{10, 11, 12, 13, 14}));
  for (const auto& [id, labels] : targets(index)) EXPECT_NE(labels.at("process"), "lost");
}

TEST_F(WindowIndexTest, AnotherJournalsIndexIsNotBelieved) {
  for (std::uint64_t i = 0; i < 10; ++i) append(i, "theirs");
  {
    WindowIndex index = open_index();
    follow(index);
  }
  journal_.reset();
  std::filesystem::remove_all(options_.directory);
  open_journal();
  for (std::uint64_t i = 0; i < 12; ++i) append(i, "ours");
  WindowIndex index = open_index();
  follow(index);
  EXPECT_EQ(sequences(index).size(), 12U);
  for (const auto& [id, labels] : targets(index)) EXPECT_EQ(labels.at("process"), "ours");
}

TEST_F(WindowIndexTest, RecordsThatAreNoWindowsArePassedOver) {
  append(0);
  ASSERT_TRUE(journal_->append(kWindowRecord, 1, "\x7f of a later version").ok());
  ASSERT_TRUE(journal_->append(kWindowRecord + 1, 1, "another stream").ok());
  append(1);
  WindowIndex index = open_index();
  follow(index);
  EXPECT_EQ(sequences(index), (std::vector<std::uint64_t>{1, 4}));
  EXPECT_EQ(index.refused(), 1U);
}

TEST_F(WindowIndexTest, WhatIsPassedOverIsCountedOnceHoweverOftenItIsRead) {
  append(0);
  ASSERT_TRUE(journal_->append(kWindowRecord, 1, "\x7f of a later version").ok());
  const RecordPlace place = journal_->append(kWindowRecord, 1, "to be damaged").value();
  append(1);
  std::fstream file(std::filesystem::path(options_.directory) / segment_name(place.segment),
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(place.offset)).write("damage", 6);
  file.close();
  WindowIndex index = open_index();
  for (int round = 0; round < 3; ++round) {
    const LargestFile full(1);
    const auto done = index.follow(*journal_, 1'000);
    EXPECT_FALSE(done.ok());
  }
  EXPECT_EQ(index.refused(), 0U) << "none of it is done";
  follow(index);
  EXPECT_EQ(sequences(index), (std::vector<std::uint64_t>{1, 4}));
  EXPECT_EQ(index.refused(), 1U);
  EXPECT_EQ(journal_->counters().lost[static_cast<std::size_t>(JournalLoss::kDamaged)], 1U);
}

TEST_F(WindowIndexTest, WithoutDescriptorsItStaysBehindAndNothingIsPassedOver) {
  SONDE_NEED_DESCRIPTOR_LIMIT();
  for (std::uint64_t i = 0; i < 5; ++i) append(i);
  WindowIndex index = open_index();
  {
    const NoDescriptors none;
    EXPECT_EQ(index.follow(*journal_, 1'000).error().code, ErrorCode::kResourceExhausted);
  }
  follow(index);
  EXPECT_EQ(sequences(index).size(), 5U);
  EXPECT_EQ(journal_->counters().lost[static_cast<std::size_t>(JournalLoss::kDamaged)], 0U);
}

}  // namespace
}  // namespace sonde
