// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/made_names.h"

#include <algorithm>

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
  for (const auto& [address, function] : names) {
    const auto [entry, fresh] = names_.try_emplace(address, function);
    if (!fresh && entry->second.name.empty()) entry->second = function;
  }
  keeper.add(content_, names, now_ns);
  return content_;
}

}  // namespace sonde
