// SPDX-License-Identifier: Apache-2.0
// What a sample costs on its way from the ring to the window: in a steady state, no allocation.
#include "agent/engine/sample_intake.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>

#include "agent/capture/sample_batch.h"
#include "core/base/clock.h"
#include "tests/bpf/session_parts.h"
#include "tests/support/counted_allocations.h"

namespace sonde {
namespace {

class SampleIntakeTest : public SessionParts {
 protected:
  // Of this process alone: what others do would decide about allocations.
  void SetUp() override {
    sampler_options_.only_targets = true;
    SessionParts::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    ASSERT_TRUE(sampler_->add_target(static_cast<std::uint32_t>(::getpid())).ok());
    intake_ = std::make_unique<SampleIntake>(*tables_, *publisher_, processes_, stale_, code_maps_,
                                             windows_, losses_);
  }

  // Samples this process, which spins for so much of its own time.
  void spin_sampled(std::uint64_t ns) {
    ASSERT_TRUE(sampler_->enable().ok());
    const auto mine = [] { return clock_ns(CLOCK_THREAD_CPUTIME_ID); };
    // The clock is asked rarely: stacks inside of system calls differ in depth.
    for (const std::uint64_t end = mine() + ns; mine() < end;) {
      for (int i = 0; i < 1'000'000; ++i) __asm__ volatile("");
    }
    ASSERT_TRUE(sampler_->disable().ok());
  }

  // What was taken is in `batch_`.
  void sample_self() {
    spin_sampled(300'000'000);
    sampler_->drain([this](RawSample&& sample) { batch_.add(sample); });
    ASSERT_GT(batch_.samples().size(), 50U);
  }

  CodeMaps code_maps_{proc_, images_};
  WindowSet windows_;
  UserLossCounts losses_{};
  SampleBatch batch_;
  std::unique_ptr<SampleIntake> intake_;
};

TEST_F(SampleIntakeTest, AKnownStackCostsNoAllocation) {
  if (!SONDE_COUNTS_ALLOCATIONS) GTEST_SKIP() << "SKIP allocations: a sanitizer counts its own";
  ASSERT_TRUE(processes_.scan_all().ok());
  publisher_->publish(processes_, monotonic_ns());
  sample_self();
  intake_->take(batch_.samples());
  const std::uint64_t before = allocations;
  const std::uint64_t taken = windows_.samples();
  constexpr std::uint64_t kRounds = 20;
  for (std::uint64_t i = 0; i < kRounds; ++i) intake_->take(batch_.samples());
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_EQ(windows_.samples(), taken + kRounds * batch_.samples().size());
}

TEST_F(SampleIntakeTest, TheNextLookAtTheRingUsesTheMemoryOfTheLast) {
  if (!SONDE_COUNTS_ALLOCATIONS) GTEST_SKIP() << "SKIP allocations: a sanitizer counts its own";
  sample_self();
  const std::size_t first = batch_.samples().size();
  spin_sampled(100'000'000);
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
