// SPDX-License-Identifier: Apache-2.0
// Divisors in the running kernel: fewer samples, each with its weight, and the same sums.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "agent/capture/cpu_sampler.h"
#include "agent/engine/session.h"
#include "agent/process/proc_reader.h"
#include "core/base/clock.h"
#include "tests/support/require.h"
#include "tests/support/spinner.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kRateHz = 499;
constexpr std::uint64_t kPeriodNs = 1'000'000'000ULL / kRateHz;

// No CPU is idle as long as they live.
std::vector<std::unique_ptr<Spinner>> spinner_for_each_cpu() {
  std::vector<std::unique_ptr<Spinner>> spinners;
  for (unsigned cpu = 0; cpu < std::thread::hardware_concurrency(); ++cpu) {
    spinners.push_back(std::make_unique<Spinner>());
  }
  return spinners;
}

class DivisorTest : public testing::Test {
 protected:
  void SetUp() override {
    SONDE_NEED_BPF();
    auto sampler = CpuSampler::create({.rate_hz = kRateHz});
    ASSERT_TRUE(sampler.ok()) << sampler.error().message;
    sampler_ = std::move(*sampler);
  }
  static void expect_balanced(const CpuSamplerCounts& counts) {
    const auto& of = counts.counters;
    EXPECT_EQ(of[SONDE_CPU_RUN], of[SONDE_CPU_IDLE] + of[SONDE_CPU_FILTERED] +
                                     of[SONDE_CPU_THINNED] + of[SONDE_CPU_EMITTED] +
                                     of[SONDE_CPU_RING_FULL]);
  }

  std::unique_ptr<CpuSampler> sampler_;
};

TEST_F(DivisorTest, ThatOfAllKeepsTheSumOfEveryStretch) {
  const auto busy = spinner_for_each_cpu();
  ASSERT_TRUE(sampler_->enable().ok());
  CpuSamplerCounts before = sampler_->counts();
  for (const std::uint64_t divisor : {1U, 2U, 1U, 4U, 8U}) {
    sampler_->set_divisor(divisor);
    std::this_thread::sleep_for(milliseconds(1000));
    const CpuSamplerCounts now = sampler_->counts();
    const auto more = [&](sonde_cpu_counter what) {
      return now.counters[what] - before.counters[what];
    };
    double sampled_ns = 0;
    sampler_->drain([&](RawSample&& one) {
      sampled_ns += static_cast<double>(one.header.weight_ns);
      EXPECT_EQ(one.header.weight_ns % kPeriodNs, 0U);
    });
    const auto busy_ns =
        static_cast<double>((more(SONDE_CPU_RUN) - more(SONDE_CPU_IDLE)) * kPeriodNs);
    EXPECT_GT(more(SONDE_CPU_RUN), 300U * sampler_->cpu_count());
    EXPECT_EQ(more(SONDE_CPU_RING_FULL), 0U);
    EXPECT_EQ(more(SONDE_CPU_THINNED) > 0, divisor > 1);
    // Each CPU keeps its multiples of the divisor: at both ends of the stretch one may be missing.
    const auto ends = static_cast<double>((2 * divisor + 2) * sampler_->cpu_count() * kPeriodNs);
    EXPECT_NEAR(sampled_ns, busy_ns, ends) << "divisor " << divisor;
    before = now;
  }
  ASSERT_TRUE(sampler_->disable().ok());
  expect_balanced(sampler_->counts());
}

TEST_F(DivisorTest, AProcessOfItsOwnIsSparedOrLeftOut) {
  const Spinner every, never, other;
  auto tables = UnwindTables::create(sampler_->table_maps(), {.chunks = 1});
  ASSERT_TRUE(tables.ok());
  const auto set = [&](const Spinner& spinner, std::uint64_t divisor) {
    const ProcessKey key{spinner.pid(), ProcReader().stat(spinner.pid())->start_ticks};
    ASSERT_TRUE((*tables)->set_ranges(key, {}).ok());
    ASSERT_TRUE((*tables)->set_divisor(key, divisor).ok());
  };
  set(every, 1);
  set(never, SONDE_DIVISOR_NEVER);
  sampler_->set_divisor(4);
  ASSERT_TRUE(sampler_->enable().ok());
  std::map<std::uint32_t, std::uint64_t> samples;
  const auto enough = [&] {
    return samples[every.pid()] > 50 && samples[other.pid()] > 5 &&
           sampler_->counts().counters[SONDE_CPU_FILTERED] > 50;
  };
  for (int look = 0; look < 200 && !enough(); ++look) {  // on a busy host it takes longer
    std::this_thread::sleep_for(milliseconds(100));
    sampler_->drain([&](RawSample&& one) {
      ++samples[one.header.tgid];
      EXPECT_EQ(one.header.weight_ns, kPeriodNs * (one.header.tgid == every.pid() ? 1 : 4));
    });
  }
  ASSERT_TRUE(sampler_->disable().ok());
  sampler_->drain([&](RawSample&& one) { ++samples[one.header.tgid]; });
  EXPECT_GT(samples[every.pid()], 50U);
  EXPECT_GT(samples[other.pid()], 5U);
  EXPECT_EQ(samples[never.pid()], 0U);
  EXPECT_GT(sampler_->counts().counters[SONDE_CPU_FILTERED], 50U) << "they are accounted for";
  expect_balanced(sampler_->counts());
}

// Busy for a part of the time, each stretch 0.5 to 1.5 times as long as named: a load that repeats
// itself would keep step with the clock, and its sums would differ by more than chance.
template <int kBusyMs, int kIdleMs>
void work_now_and_then() {
  static std::minstd_rand random;
  std::uniform_real_distribution<double> stretch(0.5, 1.5);
  using Milliseconds = std::chrono::duration<double, std::milli>;
  const auto end = std::chrono::steady_clock::now() + Milliseconds(kBusyMs * stretch(random));
  while (std::chrono::steady_clock::now() < end) continue;
  std::this_thread::sleep_for(Milliseconds(kIdleMs * stretch(random)));
}

// Both clocks at once see the same load, which one after the other would not.
TEST_F(DivisorTest, AtPartialLoadSumsOfEachProgramAgreeWithinChance) {
  constexpr std::uint64_t kDivisor = 4;
  const Spinner often("often", work_now_and_then<7, 13>);
  const Spinner seldom("seldom", work_now_and_then<3, 29>);
  auto thinned = CpuSampler::create({.rate_hz = kRateHz});
  ASSERT_TRUE(thinned.ok());
  (*thinned)->set_divisor(kDivisor);
  struct Sum {
    double seconds = 0, variance = 0;  // of Poisson counts
    void add(const RawSample& one) {
      const double weight = static_cast<double>(one.header.weight_ns) / 1e9;
      seconds += weight;
      variance += weight * weight;
    }
  };
  std::map<std::uint32_t, Sum> all, kept;
  ASSERT_TRUE(sampler_->enable().ok());
  ASSERT_TRUE((*thinned)->enable().ok());
  constexpr int kWindows = 60;
  const auto enough = [&] {
    return kept[often.pid()].seconds > 0.3 && kept[seldom.pid()].seconds > 0.1;
  };
  for (int window = 0; window < kWindows || (window < 3 * kWindows && !enough()); ++window) {
    std::this_thread::sleep_for(milliseconds(200));
    sampler_->drain([&](RawSample&& one) { all[one.header.tgid].add(one); });
    (*thinned)->drain([&](RawSample&& one) { kept[one.header.tgid].add(one); });
  }
  ASSERT_TRUE((*thinned)->disable().ok());
  ASSERT_TRUE(sampler_->disable().ok());
  for (const Spinner* spinner : {&often, &seldom}) {
    const Sum &full = all[spinner->pid()], &part = kept[spinner->pid()];
    ASSERT_GT(part.seconds, 0.05) << "it had a share of the CPUs";
    const double sigma = std::sqrt(full.variance + part.variance);
    std::printf("%.2f s of all samples, %.2f s of one in %lu: %+.1f sigma\n", full.seconds,
                part.seconds, kDivisor, (part.seconds - full.seconds) / sigma);
    EXPECT_NEAR(part.seconds, full.seconds, 4 * sigma);
  }
}

TEST_F(DivisorTest, AnotherRateKeepsSumsAndTheLedgerOfTicks) {
  const auto busy = spinner_for_each_cpu();
  ASSERT_TRUE(sampler_->enable().ok());
  const std::uint64_t begin_ns = monotonic_ns();
  double sampled_ns = 0;
  std::set<std::uint64_t> weights;
  for (const std::uint32_t rate : {99U, 499U, 99U, 495U}) {
    ASSERT_TRUE(sampler_->set_rate(rate).ok());
    std::this_thread::sleep_for(milliseconds(1000));
    sampler_->drain([&](RawSample&& one) {
      sampled_ns += static_cast<double>(one.header.weight_ns);
      weights.insert(one.header.weight_ns);
    });
  }
  ASSERT_TRUE(sampler_->disable().ok());
  const auto whole_ns = static_cast<double>((monotonic_ns() - begin_ns) * sampler_->cpu_count());
  sampler_->drain(
      [&](RawSample&& one) { sampled_ns += static_cast<double>(one.header.weight_ns); });
  const CpuSamplerCounts counts = sampler_->counts();
  expect_balanced(counts);
  EXPECT_EQ(weights, (std::set<std::uint64_t>{1'000'000'000ULL / 99, 1'000'000'000ULL / 499,
                                              1'000'000'000ULL / 495}));
  // Each change costs the rest of a period, 10 ms at most.
  EXPECT_NEAR(sampled_ns / whole_ns, 1, 0.03);
  const std::uint64_t run = counts.counters[SONDE_CPU_RUN];
  EXPECT_LE(run, counts.clocks.expected + 5ULL * sampler_->cpu_count());
  EXPECT_GE(run * 100, counts.clocks.expected * 97);
}

// As many ticks in a window as 19 Hz has in 10 s.
TEST_F(DivisorTest, HalvingTheRateOfBusyCpusChangesNoWindowByTwoPercent) {
  constexpr std::uint64_t kWindowNs = 2'000'000'000;
  sampler_.reset();
  const auto busy = spinner_for_each_cpu();
  std::vector<EndedWindow> windows;
  auto session = Session::create(
      {.rate_hz = 97,
       .window_ns = kWindowNs,
       .on_window = [&](EndedWindow&& window) { windows.push_back(std::move(window)); },
       .worker_executable = SONDE_WORKER_PROGRAM});
  ASSERT_TRUE(session.ok()) << session.error().message;
  ASSERT_TRUE((*session)->start().ok());
  std::map<std::size_t, std::uint64_t> divisors;  // of the window that is filled then
  const auto tick = [&](const SessionProgress&) {
    const std::uint64_t divisor = windows.size() < 4 ? 1 : 2;
    (*session)->follow({.divisor = divisor});
    divisors[windows.size()] = divisor;
  };
  const auto enough = [&] { return windows.size() >= 8; };
  ASSERT_TRUE((*session)->run(std::chrono::seconds(60), enough, tick).ok());
  ASSERT_TRUE((*session)->stop().ok());
  const double whole = static_cast<double>(std::thread::hardware_concurrency() * kWindowNs);
  for (std::size_t i = 1; i < 8; ++i) {  // the first began in the middle
    const ProfileMeta& meta = windows[i].closed.meta;
    double sum = 0;
    std::uint64_t samples = 0;
    for (const WindowStack& stack : windows[i].closed.window.stacks) {
      sum += static_cast<double>(stack.cpu_ns);
      samples += stack.samples;
    }
    std::printf("window %zu: divisor %lu, %lu samples, %.4f of all CPU time, %lu missed\n", i,
                divisors[i], samples, sum / whole, meta.ticks.missed);
    const double lost = static_cast<double>(meta.ticks.missed + meta.ticks.idle) * 1e9 / 97;
    EXPECT_NEAR((sum + lost) / whole, 1, 0.02) << "window " << i;
    EXPECT_EQ(meta.ticks.thinned > 0, divisors[i] > 1);
    EXPECT_EQ(meta.notes.count("unaccounted"), 0U);
  }
}

}  // namespace
}  // namespace sonde
