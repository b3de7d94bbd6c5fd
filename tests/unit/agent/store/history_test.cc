// SPDX-License-Identifier: Apache-2.0
#include "agent/store/history.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <random>
#include <thread>

#include "agent/store/window_codec.h"
#include "tests/support/closed_window_sample.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

constexpr HistoryRange kAll{0, ~std::uint64_t{0}};

std::vector<LabelMatcher> selector(std::string_view text) { return *parse_selector(text); }

class HistoryTest : public testing::Test {
 protected:
  std::unique_ptr<History> open() {
    auto history = History::open(options_);
    EXPECT_TRUE(history.ok()) << history.error().message;
    return history ? std::move(*history) : nullptr;
  }
  static std::vector<std::uint64_t> numbers(History& history, const HistoryRange& range = kAll) {
    std::vector<std::uint64_t> out;
    auto windows = history.windows(range);
    EXPECT_TRUE(windows.ok());
    for (const HistoryWindow& window : *windows) {
      out.push_back((window.begin_ns - kBegin) / kTen);
      EXPECT_TRUE(history.load(window).ok());
    }
    return out;
  }
  static std::vector<std::uint64_t> from_to(std::uint64_t first, std::uint64_t end) {
    std::vector<std::uint64_t> out;
    for (; first < end; ++first) out.push_back(first);
    return out;
  }

  static constexpr std::uint64_t kBegin = 1'700'000'000'000'000'000;
  static constexpr std::uint64_t kTen = 10'000'000'000;
  const TemporaryDirectory base_;
  HistoryOptions options_{.journal = {.directory = base_.path() / "history",
                                      .max_bytes = 1 << 20,
                                      .segment_bytes = 64 << 10}};
};

TEST_F(HistoryTest, WindowsAreThereAtOnceAndAfterARestart) {
  {
    const auto history = open();
    for (std::uint64_t i = 0; i < 20; ++i) {
      history->add(closed_window_of("program", i));
      ASSERT_EQ(numbers(*history), from_to(0, i + 1));
    }
    EXPECT_EQ(history->state().stored_windows, 20U);
    EXPECT_TRUE(history->state().is_indexed);
    EXPECT_EQ(history->state().problem, "");
  }
  const auto history = open();
  EXPECT_EQ(numbers(*history), from_to(0, 20));
  EXPECT_EQ(numbers(*history, {kBegin + 5 * kTen, kBegin + 8 * kTen}), from_to(5, 8));
  EXPECT_EQ(history->extent()->oldest_begin_ns, kBegin);
  EXPECT_EQ(history->extent()->newest_begin_ns, kBegin + 19 * kTen);
  EXPECT_EQ(history->extent()->newest_end_ns, kBegin + 20 * kTen);
  EXPECT_EQ(history->extent()->windows, 20U);
}

TEST_F(HistoryTest, AWindowComesBackAsItWasAdded) {
  const auto history = open();
  history->add(closed_window_sample());
  const auto windows = history->windows(kAll);
  ASSERT_EQ(windows->size(), 1U);
  EXPECT_EQ(windows->front().totals.samples, 84U);
  EXPECT_EQ(windows->front().lost, 21U);
  const auto window = history->load(windows->front());
  ASSERT_TRUE(window.ok());
  EXPECT_EQ(encode_window(*window), encode_window(closed_window_sample()));
}

TEST_F(HistoryTest, SumsAndSeriesAreChosenByMatchersAndGroupedByLabels) {
  const auto history = open();
  for (std::uint64_t i = 0; i < 12; ++i) {
    history->add(closed_window_of(i % 4 == 0 ? "redis" : "postgres", i, 10 + i));
  }
  const auto by_process =
      history->sums({kAll, {}}, {.group_by = std::vector<std::string>{"process"}});
  ASSERT_EQ(by_process->size(), 2U);
  EXPECT_EQ(by_process->at(0).labels, (Labels{{"process", "postgres"}})) << "largest first";
  EXPECT_EQ(by_process->at(0).totals.samples, 11U + 12 + 13 + 15 + 16 + 17 + 19 + 20 + 21);
  EXPECT_EQ(by_process->at(1).totals.samples, 10U + 14 + 18);
  EXPECT_EQ(history->sums({kAll, {}})->size(), 6U) << "three pids each";
  const auto redis = history->sums({kAll, selector(R"({process=~"re.*",pid!="0"})")});
  ASSERT_EQ(redis->size(), 2U);
  const Selection postgres{{kBegin + 4 * kTen, kBegin + 9 * kTen},
                           selector(R"({process!~"redis"})")};
  const auto series = history->series(postgres, {.group_by = std::vector<std::string>{"process"}});
  ASSERT_EQ(series->size(), 1U);
  ASSERT_EQ(series->front().points.size(), 3U);
  EXPECT_EQ(series->front().points[0].begin_ns, kBegin + 5 * kTen);
  EXPECT_EQ(series->front().points[2].totals.samples, 17U);
  EXPECT_EQ(history->series({kAll, selector(R"({process="none"})")})->size(), 0U);
}

TEST_F(HistoryTest, SumsLeaveOutTheWindowsThatWhoAsksHas) {
  const auto history = open();
  for (std::uint64_t i = 0; i < 4; ++i) history->add(closed_window_of("app", i, 10 + i));
  const std::vector<std::string> by{"process"};
  const auto sums =
      history->sums({kAll, {}}, {.group_by = by, .without_ns = {kBegin + kTen, kBegin + 3 * kTen}});
  EXPECT_EQ(sums->at(0).totals.samples, 10U + 12);
}

TEST_F(HistoryTest, SeriesPutWindowsTogetherThatBeginInOneStep) {
  const auto history = open();
  for (std::uint64_t i = 0; i < 12; ++i) {
    if (i != 7) history->add(closed_window_of("app", i, 10 + i));
  }
  const Selection some{{kBegin + kTen, kBegin + 11 * kTen}, {}};
  const auto series =
      history->series(some, {.group_by = std::vector<std::string>{"process"}, .step_ns = 3 * kTen});
  ASSERT_EQ(series->size(), 1U);
  const std::vector<SeriesPoint>& points = series->front().points;
  ASSERT_EQ(points.size(), 4U);
  EXPECT_EQ(points[0].begin_ns, kBegin + kTen);
  EXPECT_EQ(points[0].end_ns, kBegin + 4 * kTen);
  EXPECT_EQ(points[0].totals.samples, 11U + 12 + 13);
  EXPECT_EQ(points[2].begin_ns, kBegin + 8 * kTen) << "the first one that there is";
  EXPECT_EQ(points[2].totals.samples, 18U + 19);
  EXPECT_EQ(points[3].totals.samples, 20U);
}

TEST_F(HistoryTest, SeriesOfTooManyGroupsPutTheLightOnesTogether) {
  const auto history = open();
  for (std::uint64_t i = 0; i < 40; ++i) {
    history->add(closed_window_of("short" + std::to_string(i), i, 1));
    history->add(closed_window_of("long", i, 100));
  }
  const auto series = history->series(
      {{kBegin, kBegin + 40 * kTen}, {}},
      {.group_by = std::vector<std::string>{"process"}, .step_ns = kTen, .max_groups = 10});
  ASSERT_TRUE(series.ok());
  ASSERT_LE(series->size(), 11U);
  std::uint64_t samples = 0;
  std::uint64_t groups = 0;
  for (const Series& one : *series) {
    groups += one.folded > 0 ? one.folded : 1;
    std::uint64_t own = 0;
    for (const SeriesPoint& point : one.points) own += point.totals.samples;
    samples += own;
    if (one.group == Labels{{"process", "long"}}) {
      EXPECT_EQ(own, 4'000U) << "the heavy one is whole";
    }
  }
  EXPECT_EQ(samples, 4'040U);
  EXPECT_EQ(groups, 41U);
  const Series& rest = series->back();
  EXPECT_EQ(rest.group, Labels{});
  EXPECT_EQ(rest.folded, rest.points.size()) << "one window each";
  EXPECT_TRUE(std::ranges::is_sorted(rest.points, {}, &SeriesPoint::begin_ns));
}

TEST_F(HistoryTest, SumsOfDaysAreReadInPiecesAndEndInTime) {
  const auto history = open();
  std::uint64_t samples = 0;
  for (const std::uint64_t i : {0U, 359U, 360U, 361U, 5'000U, 20'000U}) {
    history->add(closed_window_of("app", i, i + 1));
    samples += i + 1;
  }
  const auto sums = history->sums({kAll, {}}, {.group_by = std::vector<std::string>{"process"}});
  ASSERT_TRUE(sums.ok());
  ASSERT_EQ(sums->size(), 1U);
  EXPECT_EQ(sums->front().totals.samples, samples);
  const auto late = history->sums({kAll, {}}, {.deadline = std::chrono::steady_clock::now()});
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::kDeadlineExceeded);
}

TEST_F(HistoryTest, BelongsToOneProcessAndToThisUser) {
  auto history = open();
  EXPECT_EQ(History::open(options_).error().code, ErrorCode::kFailedPrecondition);
  history.reset();
  ASSERT_EQ(::chmod(options_.journal.directory.c_str(), 0777), 0);
  EXPECT_EQ(History::open(options_).error().code, ErrorCode::kPermissionDenied);
}

TEST_F(HistoryTest, AllIsThereBeforeTheLastWindowUnlessTheIndexIsBehind) {
  const std::string path = options_.journal.directory + "/index.db";
  {
    const auto history = open();
    EXPECT_FALSE(history->has_all_before(1));
    for (std::uint64_t i = 0; i < 300; ++i) history->add(closed_window_of("program", i));
    EXPECT_TRUE(history->has_all_before(kBegin + 299 * kTen));
    EXPECT_FALSE(history->has_all_before(kBegin + 299 * kTen + 1));
  }
  WindowIndex::remove(path);
  {
    const auto history = open();
    history->add(closed_window_of("program", 300));
    EXPECT_FALSE(history->has_all_before(kBegin + kTen)) << "behind";
    while (!history->catch_up(1'000)) {
    }
    EXPECT_TRUE(history->has_all_before(kBegin + 300 * kTen));
  }
  WindowIndex::remove(path);
  std::filesystem::create_directory(path);
  const auto history = open();
  history->add(closed_window_of("program", 301));
  while (!history->catch_up(1'000)) {
  }
  EXPECT_FALSE(history->has_all_before(kBegin + kTen)) << "an index in memory is not of all";
}

TEST_F(HistoryTest, AnIndexThatIsGoneOrDamagedIsMadeAnewInPieces) {
  for (const bool gone : {true, false}) {
    {
      const auto history = open();
      const std::uint64_t have = gone ? 0 : 300;
      for (std::uint64_t i = have; i < have + 300; ++i) {
        history->add(closed_window_of("program", i));
      }
    }
    const std::string path = options_.journal.directory + "/index.db";
    if (gone) {
      WindowIndex::remove(path);
    } else {
      std::ofstream(path, std::ios::trunc) << std::string(50'000, 'x');
    }
    const auto history = open();
    EXPECT_EQ(history->state().index_rebuilds, 1U);
    EXPECT_FALSE(history->state().is_indexed);
    while (!history->catch_up(40)) {
    }
    EXPECT_TRUE(history->state().is_indexed);
    EXPECT_EQ(numbers(*history), from_to(0, gone ? 300 : 600));
  }
}

TEST_F(HistoryTest, AnIndexThatIsDamagedWhileOpenIsMadeAnew) {
  const auto history = open();
  for (std::uint64_t i = 0; i < 300; ++i) history->add(closed_window_of("program", i));
  // More than SQLite keeps in memory may be read again: the whole file becomes nonsense.
  const std::string path = options_.journal.directory + "/index.db";
  for (const char* file : {"", "-wal"}) {
    std::fstream out(path + file, std::ios::in | std::ios::out | std::ios::binary);
    const auto bytes = std::filesystem::file_size(path + file);
    out << std::string(bytes, 'x');
  }
  for (std::uint64_t i = 300; i < 900; ++i) history->add(closed_window_of("program", i));
  while (!history->catch_up(1'000)) {
  }
  const auto windows = history->windows(kAll);
  if (!windows) {
    EXPECT_EQ(windows.error().code, ErrorCode::kUnavailable);
    while (!history->catch_up(1'000)) {
    }
  }
  EXPECT_EQ(numbers(*history), from_to(0, 900));
}

TEST_F(HistoryTest, ADirectoryThatSomebodyRemovedIsMadeAgain) {
  const auto history = open();
  history->add(closed_window_of("program", 0));
  std::filesystem::remove_all(options_.journal.directory);
  history->sync();
  history->add(closed_window_of("program", 1));
  history->add(closed_window_of("program", 2));
  EXPECT_EQ(history->state().problem, "");
  EXPECT_EQ(history->state().waiting_windows, 0U);
  EXPECT_EQ(numbers(*history), from_to(1, 3));
  EXPECT_TRUE(std::filesystem::exists(options_.journal.directory + "/index.db"));
}

TEST_F(HistoryTest, AWindowLargerThanTheJournalIsDroppedAndHoldsUpNoOther) {
  const auto history = open();
  ClosedWindow large = closed_window_of("program", 0);
  std::mt19937_64 random(1);
  for (int i = 0; i < 300'000; ++i) {
    large.window.stacks.front().frames.push_back(SONDE_KERNEL_FRAME(random()));
  }
  history->add(large);
  history->add(closed_window_of("program", 1));
  EXPECT_EQ(history->state().lost[static_cast<std::size_t>(HistoryLoss::kWindowTooLarge)], 1U);
  EXPECT_EQ(history->state().waiting_windows, 0U);
  EXPECT_EQ(numbers(*history), from_to(1, 2));
}

TEST_F(HistoryTest, QuestionsAreAnsweredWhileWindowsAreAdded) {
  const auto history = open();
  std::atomic<bool> done = false;
  std::thread reader([&] {
    std::size_t last = 0;
    while (!done) {
      const std::vector<std::uint64_t> seen = numbers(*history);
      EXPECT_EQ(seen, from_to(0, seen.size())) << "each once, in order";
      EXPECT_GE(seen.size(), last);
      last = seen.size();
    }
  });
  for (std::uint64_t i = 0; i < 200; ++i) history->add(closed_window_of("program", i));
  done = true;
  reader.join();
  EXPECT_EQ(numbers(*history), from_to(0, 200));
}

}  // namespace
}  // namespace sonde
