// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/made_names.h"

#include <algorithm>
#include <vector>

#include "core/base/sha256.h"

namespace sonde {

bool MadeNames::replaces(std::span<const NamedOffset> names) const {
  return std::ranges::any_of(names, [this](const NamedOffset& named) {
    const auto known = names_.find(named.first);
    return known != names_.end() && !known->second.name.empty() && !named.second.name.empty() &&
           known->second != named.second;
  });
}

std::string MadeNames::keep(std::span<const NamedOffset> names, NameKeeper& keeper,
                            std::uint64_t now_ns) {
  const bool is_full = names_.size() + names.size() > kMaxNames;
  if (content_.empty() || is_full || replaces(names)) {
    const auto digest = sha256(whose_ + "\n" + std::to_string(generation_++));
    if (!digest) return {};
    content_ = to_hex(*digest);
    names_.clear();
  }
  std::vector<std::uint64_t> addresses;
  for (const auto& [address, function] : names) addresses.push_back(address);
  std::ranges::sort(addresses);
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  const auto missing = keeper.unknown(content_, addresses, now_ns);
  std::vector<NamedOffset> news;
  for (const NamedOffset& named : names) {
    const auto [entry, fresh] = names_.try_emplace(named.first, named.second);
    const bool is_better = !fresh && entry->second.name.empty() && !named.second.name.empty();
    if (is_better) entry->second = named.second;
    if (is_better || std::ranges::binary_search(missing, named.first)) news.push_back(named);
  }
  keeper.add(content_, news, now_ns);
  return content_;
}

}  // namespace sonde
