// SPDX-License-Identifier: Apache-2.0
#include "core/model/change.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace sonde {
namespace {

constexpr std::uint64_t kMs = 1'000'000;

// `count` samples of 10 ms.
SampledSum ticks(std::uint64_t count) { return sampled_sum(count, count * 10 * kMs); }
ComparedSide side(std::uint64_t count, double seconds = 0) { return {ticks(count), seconds}; }

TEST(SampledSumTest, TheVarianceIsTheSumOfSquaredWeights) {
  SampledSum sum = sampled_sum(4, 80 * kMs);  // four of 20 ms
  sum += sampled_sum(1, 5 * kMs);
  EXPECT_EQ(sum.samples, 5U);
  EXPECT_DOUBLE_EQ(sum.sum, 85e6);
  EXPECT_DOUBLE_EQ(sum.variance, (4 * 20.0 * 20.0 + 5.0 * 5.0) * 1e12);
}

TEST(SampledSumTest, AWeightWithoutACountIsOneSample) {
  EXPECT_EQ(sampled_sum(0, 7).samples, 1U);
  EXPECT_DOUBLE_EQ(sampled_sum(0, 7).variance, 49);
  EXPECT_EQ(sampled_sum(0, 0).samples, 0U);
}

TEST(CompareSharesTest, EqualSidesHaveTheErrorOfTheirCommonShare) {
  const Change change = compare_shares(ticks(30), side(100), ticks(50), side(100));
  EXPECT_DOUBLE_EQ(change.before, 0.3);
  EXPECT_DOUBLE_EQ(change.after, 0.5);
  EXPECT_DOUBLE_EQ(change.difference(), 0.2);
  // 0.4 * 0.6 * 2/100; as observed it would be 0.3 * 0.7 / 100 + 0.5 * 0.5 / 100 = 0.0046
  EXPECT_NEAR(change.sigma, std::sqrt(0.0048), 1e-12);
  EXPECT_NEAR(change.sigmas(), 0.2 / std::sqrt(0.0048), 1e-9);
}

TEST(CompareSharesTest, TheErrorAsObservedCountsWhereItIsLarger) {
  const Change change = compare_shares(ticks(50), side(100), ticks(10), side(1000));
  // 0.5 * 0.5 / 100 + 0.01 * 0.99 / 1000; in common: 0.0545 * 0.9455 * 0.011 = 0.00057
  EXPECT_NEAR(change.sigma, std::sqrt(0.0025 + 0.0000099), 1e-12);
}

TEST(CompareSharesTest, HeavySamplesWeighMoreInTheError) {
  const SampledSum part = sampled_sum(4, 80 * kMs);  // variance 4 * 20^2 = 1600
  const SampledSum rest = sampled_sum(4, 20 * kMs);  // variance 4 * 5^2 = 100
  ComparedSide whole{part, 0};
  whole.all += rest;
  const Change change = compare_shares(part, whole, part, whole);
  // One side as observed: (0.2^2 * 1600 + 0.8^2 * 100) / 100^2 = 0.0128. In common: a side is
  // worth 100^2 / 1700 samples: 0.8 * 0.2 * 0.17 = 0.0272 each.
  EXPECT_NEAR(change.sigma, std::sqrt(2 * 0.0272), 1e-12);
  EXPECT_EQ(change.sigmas(), 0);
  // A few heavy samples in a sea of light ones: 1 of 100 ms, 900 of 1 ms.
  const SampledSum heavy = sampled_sum(1, 100 * kMs);
  ComparedSide sea{heavy, 0};
  sea.all += sampled_sum(900, 900 * kMs);
  // (0.9^2 * 10000 + 0.1^2 * 900) / 1000^2 = 0.008109; in common only 0.1 * 0.9 * 0.0109.
  EXPECT_NEAR(compare_shares(heavy, sea, heavy, sea).sigma, std::sqrt(2 * 0.008109), 1e-12);
}

TEST(CompareSharesTest, NothingSeenInAFewSamplesIsNoProofOfAbsence) {
  const Change change = compare_shares({}, side(100), ticks(50), side(10'000));
  const double share = 50.0 / 10'100;
  EXPECT_NEAR(change.sigma, std::sqrt(share * (1 - share) * (1.0 / 100 + 1.0 / 10'000)), 1e-12);
  EXPECT_LT(change.sigmas(), 1);
  EXPECT_GT(compare_shares({}, side(10'000), ticks(50), side(10'000)).sigmas(), 7);
}

TEST(CompareSharesTest, AnEmptySideIsNoChangeOfAShare) {
  const Change change = compare_shares({}, {}, {}, {});
  EXPECT_EQ(change.difference(), 0);
  EXPECT_EQ(change.sigmas(), 0);
}

TEST(CompareRatesTest, RatesAreCpuSecondsPerSecond) {
  const Change change = compare_rates(ticks(100), side(100, 10), ticks(144), side(144, 10));
  EXPECT_NEAR(change.before, 0.1, 1e-12);
  EXPECT_NEAR(change.after, 0.144, 1e-12);
  // 100 * 0.01^2 / 10^2 + 144 * 0.01^2 / 10^2
  EXPECT_NEAR(change.sigma, std::sqrt(2.44e-4), 1e-12);
}

TEST(CompareRatesTest, AShortSideHasTheLargerError) {
  const Change change = compare_rates({}, side(100, 1), ticks(100), side(100, 100));
  // In common: 1 s of CPU in 101 s, samples of 0.01 s: 1/101 * 0.01 * (1/1 + 1/100)
  EXPECT_NEAR(change.sigma, std::sqrt(0.01 / 101 * 1.01), 1e-12);
}

TEST(ChangeTest, ChangesOfFewSamplesProveNothing) {
  const Change few{.before = 0,
                   .after = 0.5,
                   .sigma = 0.01,
                   .samples_before = 0,
                   .samples_after = kEnoughSamples - 1};
  EXPECT_FALSE(few.is_beyond(2));
  Change enough = few;
  enough.samples_before = kEnoughSamples;
  EXPECT_TRUE(enough.is_beyond(2));
  EXPECT_FALSE(enough.is_beyond(51));
}

TEST(ChangeTest, RoundingIsNoChange) {
  const Change same{.before = 0.1 + 0.2,
                    .after = 0.3,
                    .sigma = 1e-20,
                    .samples_before = 100,
                    .samples_after = 100};
  EXPECT_FALSE(same.is_beyond(2));
}

// Draws both sides of an unchanged load many times: a part and a rest of Poisson counts, some of
// the samples four times as heavy.
TEST(ChangeTest, AnUnchangedLoadIsBeyondTwoSigmaOneTimeInTwenty) {
  std::mt19937_64 random(20240607);  // NOLINT(cert-msc51-cpp): the same draws every time
  std::poisson_distribution<std::uint64_t> light(120);
  std::poisson_distribution<std::uint64_t> heavy(30);
  std::poisson_distribution<std::uint64_t> rest(900);
  constexpr int kRuns = 4000;
  int shares_beyond = 0;
  int rates_beyond = 0;
  double squares = 0;
  for (int run = 0; run < kRuns; ++run) {
    SampledSum part[2];
    ComparedSide whole[2];
    for (int side = 0; side < 2; ++side) {
      part[side] = ticks(light(random));
      const std::uint64_t count = heavy(random);
      part[side] += sampled_sum(count, count * 40 * kMs);
      whole[side] = {part[side], 10};
      whole[side].all += ticks(rest(random));
    }
    const Change share = compare_shares(part[0], whole[0], part[1], whole[1]);
    shares_beyond += share.is_beyond(2) ? 1 : 0;
    rates_beyond += compare_rates(part[0], whole[0], part[1], whole[1]).is_beyond(2) ? 1 : 0;
    squares += share.sigmas() * share.sigmas();
  }
  // 4.55 % of 4,000 is 182 +- 13; where an error is the larger of two it may be less.
  EXPECT_GT(shares_beyond, 100);
  EXPECT_LT(shares_beyond, 182 + 4 * 13);
  EXPECT_GT(rates_beyond, 100);
  EXPECT_LT(rates_beyond, 182 + 4 * 13);
  EXPECT_NEAR(squares / kRuns, 1, 0.1);
}

}  // namespace
}  // namespace sonde
