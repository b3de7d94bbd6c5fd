// SPDX-License-Identifier: Apache-2.0
// Sums of sampled CPU time, and whether two of them differ by more than chance: samples are drawn
// as a Poisson process, so that the variance of a weighted sum is the sum of its squared weights.
// Pure functions.
#pragma once

#include <cstdint>

namespace sonde {

// Weights of samples added up.
struct SampledSum {
  double sum = 0;       // nanoseconds
  double variance = 0;  // nanoseconds squared
  std::uint64_t samples = 0;

  SampledSum& operator+=(const SampledSum& other) {
    sum += other.sum;
    variance += other.variance;
    samples += other.samples;
    return *this;
  }
};

// `samples` samples that weigh `cpu_ns` together. Profiles do not keep their single weights: taken
// as equal. No samples but a weight counts as one sample.
SampledSum sampled_sum(std::uint64_t samples, std::uint64_t cpu_ns);

// The same figure of two profiles, older and newer.
struct Change {
  double before = 0;  // share (0..1), or CPU seconds per second
  double after = 0;
  double sigma = 0;  // standard error of the difference, same unit
  std::uint64_t samples_before = 0;
  std::uint64_t samples_after = 0;

  [[nodiscard]] double difference() const { return after - before; }
  // The difference in standard errors, never negative.
  [[nodiscard]] double sigmas() const;
  // At least `sigmas` standard errors, and at least kEnoughSamples on one side: below, counts are
  // not yet distributed as the error assumes.
  [[nodiscard]] bool is_beyond(double sigmas) const;
};
inline constexpr std::uint64_t kEnoughSamples = 20;

// One side of a comparison.
struct ComparedSide {
  SampledSum all;      // everything in it
  double seconds = 0;  // that it was recorded for; 0 = not known
};

// Shares of each side's whole.
//
// before, after  parts of the sides' `all`.
// returns        sigma is the larger of two: that of the shares as observed (a part and the rest
//                vary on their own, so p has the variance ((1-p)^2 V_part + p^2 V_rest) / sum^2),
//                and that of both sides drawing from one common share. The second matters where
//                one side has seen nothing or has far fewer samples than the other.
Change compare_shares(const SampledSum& before, const ComparedSide& whole_before,
                      const SampledSum& after, const ComparedSide& whole_after);

// CPU seconds per second of recording, sigma by the same rule. Precondition: both sides' seconds
// are known.
Change compare_rates(const SampledSum& before, const ComparedSide& whole_before,
                     const SampledSum& after, const ComparedSide& whole_after);

}  // namespace sonde
