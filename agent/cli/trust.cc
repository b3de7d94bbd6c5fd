// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/trust.h"

#include <algorithm>
#include <cmath>

#include "agent/cli/figures.h"
#include "agent/cli/json_fields.h"
#include "core/model/books.h"

namespace sonde {
namespace {

// Few losses are bad only if they are a great share: two of fifty samples say little of a rate.
TrustLevel loss_level(double share, std::uint64_t lost) {
  constexpr std::uint64_t kFew = 10;
  if (share <= 0.001) return TrustLevel::kOk;
  return share <= 0.01 || (lost < kFew && share <= 0.1) ? TrustLevel::kWarn : TrustLevel::kBad;
}

TrustLevel cut_level(double whole) {
  if (whole >= 0.99) return TrustLevel::kOk;
  return whole >= 0.95 ? TrustLevel::kWarn : TrustLevel::kBad;
}

std::uint64_t minus(std::uint64_t from, std::uint64_t what) { return from - std::min(from, what); }

}  // namespace

TrustFigures trust_of_health(const Json& health) {
  const Json& trust = object_in(health, "trust");
  const Json& books = object_in(health, "books");
  const std::uint64_t lost = count_in(trust, "lost");
  return {.samples = minus(count_in(trust, "produced"), lost),
          .whole = count_in(trust, "whole"),
          .early = count_in(trust, "early"),
          .lost = lost,
          .missed = count_in(books, "missed"),
          .expected = count_in(books, "expected"),
          .adds_up = number_in(books, "unaccounted") == 0};
}

TrustFigures trust_of_flame(const Json& payload) {
  const Json& trust = object_in(payload, "trust");
  return {.samples = count_in(payload, "samples"),
          .whole = count_in(trust, "whole"),
          .early = count_in(trust, "early"),
          .lost = count_in(trust, "lost"),
          .missed = count_in(trust, "missed"),
          .expected = count_in(trust, "expected"),
          .adds_up = number_in(trust, "unaccounted") == 0};
}

double whole_share(const TrustFigures& trust) {
  if (trust.samples <= trust.early) return 1;
  return std::round(ratio(trust.whole, trust.samples - trust.early) * 1000) / 1000;
}

double lost_share(const TrustFigures& trust) {
  return lost_share(LossFigures{trust.samples, trust.lost, trust.missed, trust.expected});
}

TrustLevel judge(const TrustFigures& trust) {
  if (!trust.adds_up) return TrustLevel::kBad;
  return std::max(loss_level(lost_share(trust), trust.lost), cut_level(whole_share(trust)));
}

}  // namespace sonde
