// SPDX-License-Identifier: Apache-2.0
// Row tables on disk, named by the SHA-256 of the bytes they were made from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/file_cache.h"
#include "core/base/result.h"
#include "core/model/row_table.h"

namespace sonde {

// Thread-confined to whoever holds the client's lock. Several processes may share a directory.
class RowCache {
 public:
  using Counters = FileCache::Counters;

  // errors: as FileCache::open().
  static Result<RowCache> open(const std::string& directory, std::uint64_t max_bytes);

  // key: 64 hex digits.
  std::optional<RowTable> load(const std::string& key);
  // Failures are counted, never reported: the rows are there, only the next start is slower.
  void store(const std::string& key, const RowTable& table);

  [[nodiscard]] const Counters& counters() const { return files_.counters(); }

 private:
  explicit RowCache(FileCache files) : files_(std::move(files)) {}
  FileCache files_;
};

}  // namespace sonde
