// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/name_cache.h"

#include <algorithm>
#include <utility>

namespace sonde {
namespace {

std::size_t bytes_of(const NameCacheEntry& entry) { return sizeof(entry) + entry.index.bytes(); }

}  // namespace

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
  // One that does not fit even alone would drive out all others.
  std::size_t evicted = std::erase_if(
      entries_, [this](const NameCacheEntry& entry) { return bytes_of(entry) > max_bytes_; });
  std::size_t sum = 0;
  for (const NameCacheEntry& entry : entries_) sum += bytes_of(entry);
  for (; sum > max_bytes_; ++evicted) {
    sum -= bytes_of(entries_.back());
    entries_.pop_back();
  }
  return evicted;
}

}  // namespace sonde
