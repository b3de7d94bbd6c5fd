// SPDX-License-Identifier: Apache-2.0
// Row tables on disk, named by the SHA-256 of the bytes they were made from. A file that is
// damaged, cut, or of another version is a miss and is removed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/base/fd.h"
#include "core/base/result.h"
#include "core/model/row_table.h"

namespace sonde {

// Thread-confined to whoever holds the client's lock. Several processes may share a directory.
class RowCache {
 public:
  struct Counters {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t corrupt = 0;
    std::uint64_t write_failures = 0;
    std::uint64_t evictions = 0;
  };

  // Opens the directory, creating it (and its parents) with mode 0700. It must belong to this
  // user and be writable by nobody else: rows from a directory that others can write would let
  // them choose what stacks look like.
  // errors: kPermissionDenied (owner or mode), those of mkdir(2) and open(2).
  static Result<RowCache> open(const std::string& directory, std::uint64_t max_bytes);

  // key: 64 hex digits.
  std::optional<RowTable> load(const std::string& key);
  // Failures are counted, never reported: the rows are there, only the next start is slower.
  void store(const std::string& key, const RowTable& table);

  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  RowCache(UniqueFd directory, std::uint64_t max_bytes)
      : directory_(std::move(directory)), max_bytes_(max_bytes) {}
  [[nodiscard]] Result<RowTable> read(const std::string& name) const;
  bool write(const std::string& name, std::span<const std::span<const std::byte>> parts);
  void evict(std::uint64_t incoming_bytes);

  UniqueFd directory_;
  std::uint64_t max_bytes_;
  std::uint64_t used_bytes_ = 0;  // as of the last look at the directory, plus own writes
  bool used_known_ = false;
  Counters counters_;
};

}  // namespace sonde
