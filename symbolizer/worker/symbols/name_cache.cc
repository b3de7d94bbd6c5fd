// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/name_cache.h"

#include <algorithm>
#include <utility>

namespace sonde {

NameCacheEntry* NameCache::find(const NameKey& key) {
  const auto found = std::ranges::find(entries_, key, &NameCacheEntry::key);
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return &*found;
}

NameCacheEntry& NameCache::add(NameCacheEntry entry) {
  return entries_.emplace_front(std::move(entry));
}

std::size_t NameCache::trim() {
  std::erase_if(entries_, [](const NameCacheEntry& entry) { return !entry.index.is_whole(); });
  std::size_t sum = 0;
  for (const NameCacheEntry& entry : entries_) sum += entry.index.bytes();
  std::size_t evicted = 0;
  for (; sum > max_bytes_; ++evicted) {
    sum -= entries_.back().index.bytes();
    entries_.pop_back();
  }
  return evicted;
}

}  // namespace sonde
