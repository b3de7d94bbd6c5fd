// SPDX-License-Identifier: Apache-2.0
// Ids of a pprof table -> positions. Usual ids are 1..N in order and cost nothing; others are
// hashed. Private to exporters/pprof; thread-confined.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

namespace sonde {

class IdTable {
 public:
  // Gives `id` the next position. False: zero or already there.
  bool add(std::uint64_t id) {
    if (id == 0 || find(id)) return false;
    if (sparse_.empty() && id == dense_ + 1) {
      ++dense_;
    } else {
      sparse_.emplace(id, static_cast<std::uint32_t>(size()));
    }
    return true;
  }
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint64_t id) const {
    if (id != 0 && id <= dense_) return static_cast<std::uint32_t>(id - 1);
    const auto at = sparse_.find(id);
    if (at == sparse_.end()) return std::nullopt;
    return at->second;
  }
  [[nodiscard]] std::size_t size() const {
    return static_cast<std::size_t>(dense_) + sparse_.size();
  }

 private:
  std::uint64_t dense_ = 0;  // ids 1..dense_ are at positions 0..dense_ - 1
  std::unordered_map<std::uint64_t, std::uint32_t> sparse_;
};

}  // namespace sonde
