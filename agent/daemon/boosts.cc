// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/boosts.h"

#include <algorithm>

namespace sonde {

Result<Boost> Boosts::add(const ProcessSelector& processes, std::uint64_t until_ns) {
  const auto same = std::ranges::find(active_, processes, &Boost::processes);
  if (same != active_.end()) {
    same->until_ns = until_ns;
    return *same;
  }
  if (active_.size() >= kMax) {
    return Error{ErrorCode::kResourceExhausted, "16 boosts are active: end one first"};
  }
  return active_.emplace_back(Boost{++last_id_, processes, until_ns});
}

bool Boosts::end(std::uint64_t id) {
  return std::erase_if(active_, [&](const Boost& one) { return one.id == id; }) > 0;
}

void Boosts::expire(std::uint64_t now_ns) {
  std::erase_if(active_, [&](const Boost& one) { return one.until_ns <= now_ns; });
}

}  // namespace sonde
