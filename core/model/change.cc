// SPDX-License-Identifier: Apache-2.0
#include "core/model/change.h"

#include <algorithm>
#include <cmath>

namespace sonde {
namespace {

constexpr double kNsPerSecond = 1e9;
constexpr double kRounding = 1e-9;  // differences below come from adding in another order

struct Figure {
  double value = 0;
  double variance = 0;
};

Figure share_of(const SampledSum& part, const SampledSum& all) {
  if (!(all.sum > 0)) return {};
  const double share = part.sum / all.sum;
  const double rest = std::max(0.0, all.variance - part.variance);
  const double variance = (1 - share) * (1 - share) * part.variance + share * share * rest;
  return {share, variance / (all.sum * all.sum)};
}

// As many samples of equal weight would vary as much as `all` does.
double effective_samples(const SampledSum& all) {
  return all.variance > 0 ? all.sum * all.sum / all.variance : 0;
}

Figure rate_of(const SampledSum& part, double seconds) {
  const double ns = seconds * kNsPerSecond;
  return {part.sum / ns, part.variance / (ns * ns)};
}

// Variance of a rate that is `rate`, from samples that weigh what those of `side` weigh.
double variance_of_rate(double rate, const ComparedSide& side) {
  if (!(side.all.sum > 0)) return 0;
  const double weight = side.all.variance / side.all.sum / kNsPerSecond;
  return rate * weight / side.seconds;
}

Change change_of(const Figure& before, const Figure& after, double common_variance) {
  return Change{.before = before.value,
                .after = after.value,
                .sigma = std::sqrt(std::max(before.variance + after.variance, common_variance))};
}

}  // namespace

SampledSum sampled_sum(std::uint64_t samples, std::uint64_t cpu_ns) {
  const std::uint64_t count = samples == 0 && cpu_ns != 0 ? 1 : samples;
  const auto sum = static_cast<double>(cpu_ns);
  const double variance = count == 0 ? 0 : sum * sum / static_cast<double>(count);
  return {.sum = sum, .variance = variance, .samples = count};
}

double Change::sigmas() const {
  const double size = std::abs(difference());
  return sigma > 0 && size > kRounding ? size / sigma : 0;
}

bool Change::is_beyond(double sigmas) const {
  return std::max(samples_before, samples_after) >= kEnoughSamples && this->sigmas() >= sigmas;
}

Change compare_shares(const SampledSum& before, const ComparedSide& whole_before,
                      const SampledSum& after, const ComparedSide& whole_after) {
  const Figure a = share_of(before, whole_before.all);
  const Figure b = share_of(after, whole_after.all);
  const double n_a = effective_samples(whole_before.all);
  const double n_b = effective_samples(whole_after.all);
  double common = 0;
  if (n_a > 0 && n_b > 0) {
    const double share = (a.value * n_a + b.value * n_b) / (n_a + n_b);
    common = share * (1 - share) * (1 / n_a + 1 / n_b);
  }
  Change out = change_of(a, b, common);
  out.samples_before = before.samples;
  out.samples_after = after.samples;
  return out;
}

Change compare_rates(const SampledSum& before, const ComparedSide& whole_before,
                     const SampledSum& after, const ComparedSide& whole_after) {
  const double seconds = whole_before.seconds + whole_after.seconds;
  const double rate = (before.sum + after.sum) / kNsPerSecond / seconds;
  const double common = variance_of_rate(rate, whole_before) + variance_of_rate(rate, whole_after);
  Change out =
      change_of(rate_of(before, whole_before.seconds), rate_of(after, whole_after.seconds), common);
  out.samples_before = before.samples;
  out.samples_after = after.samples;
  return out;
}

}  // namespace sonde
