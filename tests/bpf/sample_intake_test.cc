// SPDX-License-Identifier: Apache-2.0
// What a sample costs on its way from the ring to the window: in a steady state, no allocation.
#include "agent/engine/sample_intake.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <memory>

#include "agent/capture/cpu_sampler.h"
#include "agent/capture/sample_batch.h"
#include "core/base/clock.h"
#include "symbolizer/client/symbolizer_client.h"
#include "tests/support/counted_allocations.h"
#include "tests/support/require.h"
#include "tests/support/spinner.h"

namespace sonde {
namespace {

// The stages of a session behind the ring, with real programs and tables.
class SampleIntakeTest : public testing::Test {
 protected:
  void SetUp() override {
    SONDE_NEED_BPF();
    auto sampler = CpuSampler::create({.rate_hz = 997});
    ASSERT_TRUE(sampler.ok()) << sampler.error().message;
    sampler_ = std::move(*sampler);
    auto tables = UnwindTables::create(sampler_->table_maps(), {.chunks = 1});
    ASSERT_TRUE(tables.ok());
    tables_ = std::move(*tables);
    SymbolizerClient::Options options;
    options.executable = SONDE_WORKER_PROGRAM;
    auto symbolizer = SymbolizerClient::start(options);
    ASSERT_TRUE(symbolizer.ok());
    symbolizer_ = std::move(*symbolizer);
    loader_ = std::make_unique<RowLoader>(*symbolizer_);
    publisher_ = std::make_unique<TablePublisher>(*tables_, images_, *loader_);
    intake_ = std::make_unique<SampleIntake>(*tables_, *publisher_, processes_, stale_, code_maps_,
                                             aggregator_, losses_);
  }

  // Samples this process, which spins, until there are some; what was taken is in `batch_`.
  void sample_self() {
    ASSERT_TRUE(sampler_->enable().ok());
    for (const std::uint64_t end = monotonic_ns() + 300'000'000; monotonic_ns() < end;) {
    }
    ASSERT_TRUE(sampler_->disable().ok());
    sampler_->drain([this](RawSample&& sample) { batch_.add(sample); });
    ASSERT_GT(batch_.samples().size(), 50U);
  }

  ProcReader proc_;
  ImageRegistry images_{proc_, UniqueFd{}};
  StaleCode stale_;
  ProcessTable processes_{proc_, images_, stale_};
  CodeMaps code_maps_{proc_, images_};
  Aggregator aggregator_;
  UserLossCounts losses_{};
  SampleBatch batch_;
  std::unique_ptr<CpuSampler> sampler_;
  std::unique_ptr<UnwindTables> tables_;
  std::unique_ptr<SymbolizerClient> symbolizer_;
  std::unique_ptr<RowLoader> loader_;
  std::unique_ptr<TablePublisher> publisher_;
  std::unique_ptr<SampleIntake> intake_;
};

TEST_F(SampleIntakeTest, AKnownStackCostsNoAllocation) {
  if (!SONDE_COUNTS_ALLOCATIONS) GTEST_SKIP() << "SKIP allocations: a sanitizer counts its own";
  ASSERT_TRUE(processes_.scan_all().ok());
  publisher_->publish(processes_, monotonic_ns());
  sample_self();
  intake_->take(batch_.samples());
  const std::uint64_t before = allocations;
  const std::uint64_t taken = aggregator_.samples();
  constexpr std::uint64_t kRounds = 20;
  for (std::uint64_t i = 0; i < kRounds; ++i) intake_->take(batch_.samples());
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_EQ(aggregator_.samples(), taken + kRounds * batch_.samples().size());
}

TEST_F(SampleIntakeTest, TheNextLookAtTheRingUsesTheMemoryOfTheLast) {
  if (!SONDE_COUNTS_ALLOCATIONS) GTEST_SKIP() << "SKIP allocations: a sanitizer counts its own";
  sample_self();
  const std::size_t first = batch_.samples().size();
  ASSERT_TRUE(sampler_->enable().ok());
  for (const std::uint64_t end = monotonic_ns() + 100'000'000; monotonic_ns() < end;) {
  }
  ASSERT_TRUE(sampler_->disable().ok());
  batch_.clear();
  const std::uint64_t before = allocations;
  sampler_->drain([this](RawSample&& sample) { batch_.add(sample); });
  const std::size_t second = batch_.samples().size();
  ASSERT_GT(second, 20U);
  ASSERT_LT(second, first);
  // A deeper stack than the one before in its place may still grow.
  EXPECT_LT(allocations - before, second / 4);
}

}  // namespace
}  // namespace sonde
