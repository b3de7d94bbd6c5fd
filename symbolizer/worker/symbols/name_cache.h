// SPDX-License-Identifier: Apache-2.0
// The name indexes of the files that were asked about last: whoever watches a program asks for the
// same functions every few seconds.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>

#include "symbolizer/wire/file_key.h"
#include "symbolizer/worker/symbols/name_index.h"

namespace sonde {

// The files an answer is made of.
struct NameKey {
  FileKey file;
  std::optional<FileKey> debug_file;
  std::optional<std::uint32_t> debug_crc;  // by which the debug file was chosen
  auto operator<=>(const NameKey&) const = default;
};

struct NameCacheEntry {
  NameKey key;
  NameIndex index;
  bool debug_file_rejected = false;
};

class NameCache {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{8} << 20;

  explicit NameCache(std::size_t max_bytes = kMaxBytes) : max_bytes_(max_bytes) {}
  // The entry of these files, or nullptr. Valid until the next call of trim() or clear().
  NameCacheEntry* find(const NameKey& key);
  NameCacheEntry& add(NameCacheEntry entry);
  // After an answer: drops indexes that are good for that answer only, then those that are larger
  // than all room, then those that were used longest ago until the rest fits. Returns how many had
  // to go for lack of room.
  std::size_t trim();
  void clear() { entries_.clear(); }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  std::size_t max_bytes_;
  std::list<NameCacheEntry> entries_;  // used last first
};

}  // namespace sonde
