// SPDX-License-Identifier: Apache-2.0
#include "core/base/nearest_name.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace sonde {
namespace {

constexpr std::size_t kMaxBytes = 64;

// Optimal string alignment: Levenshtein's edits and the swap of two neighbours, over three rows.
std::size_t edits(std::string_view a, std::string_view b) {
  using Row = std::array<std::size_t, kMaxBytes + 1>;
  Row before_last{};
  Row last{};
  Row row{};
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last = last;
    last = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest_name(std::string_view wanted,
                                             std::span<const std::string_view> known) {
  if (wanted.empty() || wanted.size() > kMaxBytes) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t fewest = (wanted.size() + 2) / 3;
  for (const std::string_view name : known) {
    if (name.size() > kMaxBytes) continue;
    const std::size_t count = edits(wanted, name);
    if (count > fewest || (best && count == fewest)) continue;
    best = name;
    fewest = count;
  }
  return best;
}

}  // namespace sonde
