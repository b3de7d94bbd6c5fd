// SPDX-License-Identifier: Apache-2.0
// The sampler in the running kernel: the books balance, filters filter, every tick is counted.
#include "agent/capture/cpu_sampler.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "agent/process/proc_reader.h"
#include "bpf/abi/stop.h"
#include "tests/support/require.h"
#include "tests/support/spinner.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;

class CpuSamplerTest : public testing::Test {
 protected:
  void SetUp() override { SONDE_NEED_BPF(); }

  // Samples for `time`, longer if a busy host lets a target hardly run, and returns what came;
  // counts are in counts_.
  std::vector<RawSample> sample(const CpuSamplerOptions& options, milliseconds time,
                                std::uint32_t target = 0) {
    auto created = CpuSampler::create(options);
    EXPECT_TRUE(created.ok()) << created.error().message;
    if (!created) return {};
    CpuSampler& sampler = **created;
    if (target != 0) {
      EXPECT_TRUE(sampler.add_target(target).ok());
    }
    std::vector<RawSample> samples;
    const auto take = [&](RawSample&& one) { samples.push_back(std::move(one)); };
    EXPECT_TRUE(sampler.enable().ok());
    const auto end = std::chrono::steady_clock::now() + time;
    const auto goes_on = [&](std::chrono::steady_clock::time_point now) {
      return now < end || (target != 0 && samples.size() < 50 && now < end + 10 * time);
    };
    while (goes_on(std::chrono::steady_clock::now())) {
      std::this_thread::sleep_for(milliseconds(20));
      EXPECT_EQ(sampler.drain(take), 0U);
    }
    EXPECT_TRUE(sampler.disable().ok());
    EXPECT_EQ(sampler.drain(take), 0U);
    counts_ = sampler.counts();
    cpus_ = sampler.cpu_count();
    return samples;
  }
  [[nodiscard]] std::uint64_t count(sonde_cpu_counter counter) const {
    return counts_.counters[counter];
  }

  CpuSamplerCounts counts_;
  std::uint32_t cpus_ = 0;
};

TEST_F(CpuSamplerTest, TheBooksBalanceExactly) {
  const Spinner spinner;
  const auto samples = sample({.rate_hz = 499}, milliseconds(800));
  EXPECT_EQ(count(SONDE_CPU_RUN), count(SONDE_CPU_IDLE) + count(SONDE_CPU_FILTERED) +
                                      count(SONDE_CPU_THINNED) + count(SONDE_CPU_EMITTED) +
                                      count(SONDE_CPU_RING_FULL));
  EXPECT_EQ(samples.size(), count(SONDE_CPU_EMITTED));
  EXPECT_EQ(count(SONDE_CPU_RING_FULL), 0U);
  // Nothing on this host keeps more than a few ticks away, and none comes twice.
  EXPECT_LE(count(SONDE_CPU_RUN), counts_.clocks.expected + cpus_);
  EXPECT_GE(count(SONDE_CPU_RUN) * 10, counts_.clocks.expected * 9);
  EXPECT_GT(count(SONDE_CPU_BPF_NS), 0U);
}

TEST_F(CpuSamplerTest, ClocksOfDifferentCpusNeverTickAtOnce) {
  constexpr std::uint64_t kPeriod = 1'000'000'000 / 99;
  std::vector<std::unique_ptr<Spinner>> spinners;
  for (unsigned cpu = 0; cpu < std::thread::hardware_concurrency(); ++cpu) {
    spinners.push_back(std::make_unique<Spinner>());
  }
  const auto samples = sample({.rate_hz = 99}, milliseconds(1000));
  ASSERT_FALSE(samples.empty());
  if (cpus_ < 2) GTEST_SKIP() << "SKIP cpus: one CPU";
  std::map<std::uint32_t, std::vector<std::uint64_t>> ticks;  // of each CPU, within the period
  for (const RawSample& one : samples) {
    ticks[one.header.cpu].push_back((one.header.time_ns - samples[0].header.time_ns) % kPeriod);
  }
  ASSERT_GE(ticks.size(), 2U);
  std::vector<std::uint64_t> usual;
  for (auto& [cpu, times] : ticks) {
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::ranges::nth_element(times, middle);
    for (const std::uint64_t other : usual) {
      const std::uint64_t after = (*middle - other + kPeriod) % kPeriod;
      EXPECT_GT(std::min(after, kPeriod - after), kPeriod / cpus_ / 5);
    }
    usual.push_back(*middle);
  }
}

TEST_F(CpuSamplerTest, EverySampleCarriesIdentityWeightAndAReason) {
  const Spinner spinner("identity");
  const auto samples = sample({.rate_hz = 499}, milliseconds(400));
  std::uint64_t found = 0;
  for (const RawSample& one : samples) {
    EXPECT_EQ(one.header.weight_ns, 1'000'000'000U / 499);
    EXPECT_LT(one.header.stop, SONDE_STOP_COUNT);
    EXPECT_NE(one.header.cgroup_id, 0U);
    if (one.header.tgid != spinner.pid()) continue;
    ++found;
    EXPECT_STREQ(one.header.process, "identity");
    EXPECT_NE(one.header.start_time_ns, 0U);
    EXPECT_EQ(one.header.stop, SONDE_STOP_NO_PROCESS);  // no tables here: said, not hidden
    EXPECT_GE(one.user.size(), 1U);
  }
  EXPECT_GT(found, 20U);
}

TEST_F(CpuSamplerTest, TargetsAreSampledAndOthersCountedAsFiltered) {
  const Spinner wanted, other;
  const auto samples =
      sample({.rate_hz = 499, .only_targets = true}, milliseconds(400), wanted.pid());
  EXPECT_GT(samples.size(), 20U);
  for (const RawSample& one : samples) EXPECT_EQ(one.header.tgid, wanted.pid());
  EXPECT_GT(count(SONDE_CPU_FILTERED), 20U);
}

TEST_F(CpuSamplerTest, AThreadNameFilterMatchesExactly) {
  const Spinner wanted("named-one"), other("named-on");
  const auto samples = sample({.rate_hz = 499, .thread_name = "named-one"}, milliseconds(400));
  EXPECT_GT(samples.size(), 20U);
  for (const RawSample& one : samples) EXPECT_EQ(one.header.tgid, wanted.pid());
}

TEST_F(CpuSamplerTest, AnUnknownCgroupFiltersEverything) {
  const Spinner spinner;
  EXPECT_TRUE(sample({.rate_hz = 199, .cgroup_id = ~0ULL}, milliseconds(200)).empty());
  EXPECT_GT(count(SONDE_CPU_FILTERED), 0U);
}

TEST_F(CpuSamplerTest, SystemCallsShowTheirKernelStack) {
  // A child that is in the kernel most of the time.
  const pid_t child = ::fork();
  if (child == 0) {
    struct stat info {};
    while (true) (void)!::stat("/proc/self/maps", &info);
  }
  const auto samples = sample({.rate_hz = 499}, milliseconds(400));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  std::uint64_t with_kernel = 0;
  for (const RawSample& one : samples) {
    if (static_cast<pid_t>(one.header.tgid) != child || one.kernel.empty()) continue;
    ++with_kernel;
    EXPECT_TRUE(one.header.flags & SONDE_SAMPLE_IN_KERNEL);
    EXPECT_GE(one.kernel.front(), 0xffff800000000000ULL);
  }
  EXPECT_GT(with_kernel, 20U);
}

TEST_F(CpuSamplerTest, ATinyRingLosesSamplesIntoTheirCounter) {
  const Spinner one, two;
  auto created = CpuSampler::create({.rate_hz = 997, .ring_bytes = 16 * 1024});
  ASSERT_TRUE(created.ok());
  ASSERT_TRUE((*created)->enable().ok());
  std::this_thread::sleep_for(milliseconds(500));  // nobody drains
  ASSERT_TRUE((*created)->disable().ok());
  counts_ = (*created)->counts();
  EXPECT_GT(count(SONDE_CPU_RING_FULL), 0U);
  std::uint64_t drained = 0;
  (*created)->drain([&](RawSample&&) { ++drained; });
  EXPECT_EQ(drained, count(SONDE_CPU_EMITTED));
}

TEST_F(CpuSamplerTest, TicksOfAnIdleHostAreIdleOrSlept) {
  // Another program can keep every CPU busy for a while, hence several looks.
  for (int look = 0; look < 30; ++look) {
    (void)sample({.rate_hz = 499}, milliseconds(300));
    if (count(SONDE_CPU_IDLE) + counts_.clocks.slept > 0) return;
  }
  FAIL() << "no CPU was idle for a single tick in 9 s";
}

TEST_F(CpuSamplerTest, WhatCpusSleptIsKnownWhileTheClocksRun) {
  auto created = CpuSampler::create({.rate_hz = 499});
  ASSERT_TRUE(created.ok());
  ASSERT_TRUE((*created)->enable().ok());
  std::this_thread::sleep_for(milliseconds(1000));
  (*created)->read_idle_time();
  const CpuSamplerCounts now = (*created)->counts();
  const std::uint64_t run = now.counters[SONDE_CPU_RUN];
  const std::uint64_t missed = now.clocks.expected - std::min(now.clocks.expected, run);
  EXPECT_LT(missed, 499U / 4) << "run " << run << " slept " << now.clocks.slept;
  ASSERT_TRUE((*created)->disable().ok());
}

TEST_F(CpuSamplerTest, ADivisorKeepsEachNthTickAtItsWeight) {
  const Spinner spinner;
  auto sampler = CpuSampler::create({.rate_hz = 499, .only_targets = true});
  ASSERT_TRUE(sampler.ok());
  auto tables = UnwindTables::create((*sampler)->table_maps(), {.chunks = 1});
  ASSERT_TRUE(tables.ok());
  const std::uint64_t start = ProcReader().stat(spinner.pid())->start_ticks;
  ASSERT_TRUE((*tables)->set_ranges({spinner.pid(), start}, {}).ok());
  ASSERT_TRUE((*tables)->set_divisor({spinner.pid(), start}, 4).ok());
  ASSERT_TRUE((*sampler)->add_target(spinner.pid()).ok());
  ASSERT_TRUE((*sampler)->enable().ok());
  std::this_thread::sleep_for(milliseconds(800));
  ASSERT_TRUE((*sampler)->disable().ok());
  std::uint64_t samples = 0;
  (*sampler)->drain([&](RawSample&& one) {
    ++samples;
    EXPECT_EQ(one.header.weight_ns, 4 * (1'000'000'000ULL / 499));
  });
  counts_ = (*sampler)->counts();
  EXPECT_GT(samples, 20U);
  EXPECT_GT(count(SONDE_CPU_THINNED), 2 * samples);
  EXPECT_LT(count(SONDE_CPU_THINNED), 4 * samples);
}

TEST_F(CpuSamplerTest, ImpossibleRatesAreRefused) {
  EXPECT_EQ(CpuSampler::create({.rate_hz = 0}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(CpuSampler::create({.rate_hz = 10'001}).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace sonde
